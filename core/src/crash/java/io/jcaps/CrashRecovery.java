/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Who finds a death and cleans up after it, and may die of that itself.
 */
enum CrashRecovery
{
    ATTACH("the next who attaches", 10, (s) -> true, CrashScene::attaching, (s) -> s.attaching().attach()),
    CONNECT("the next who connects", 28, (s) -> true, CrashScene::helper, (s) ->
    {
        final CrashService service = s.helper() == s.otherService.process && s.service.isLiving() ?
            s.service : s.otherService;
        s.connect(s.helper(), service, service.port.name());
    }),
    REGISTER("the next who registers", 18, (s) -> true, CrashScene::helper, (s) -> s.register(s.helper(), "third")),
    WAIT_SET("the next who makes a wait set", 17, (s) -> true, CrashScene::helper, (s) -> s.helper().makeWaitSet()),
    LEAVE("the next who leaves", 2, (s) -> true, CrashScene::helper, (s) ->
    {
        s.otherService.isClosing = s.helper() == s.otherService.process;
        s.helper().close();
    }),
    SERVE("its service, by its watch and the next get",
        8, (s) -> s.service.isLiving(), (s) -> s.service.process, (s) ->
        {
            s.service.process.watch();
            s.service.receiveAll();
            s.service.replyAll();
        }),
    TAKE("its client, by its watch and the next get",
        3, (s) -> !s.service.isLiving() && s.bystander.isLiving(), (s) -> s.bystander.process, (s) ->
        {
            s.bystander.process.watch();
            s.bystander.takeAll();
            s.bystander.releaseView();
            s.bystander.port.close();
        });

    final int minStoreCount;
    private final String title;
    private final Predicate<CrashScene> isDue;
    private final Function<CrashScene, CrashProcess> actor;
    private final Consumer<CrashScene> act;

    CrashRecovery(
        final String title,
        final int minStoreCount,
        final Predicate<CrashScene> isDue,
        final Function<CrashScene, CrashProcess> actor,
        final Consumer<CrashScene> act)
    {
        this.title = title;
        this.minStoreCount = minStoreCount;
        this.isDue = isDue;
        this.actor = actor;
        this.act = act;
    }

    /** Whether a process recovers in this way. */
    boolean isDue(final CrashScene scene)
    {
        return isDue.test(scene);
    }

    /** Whether the recoverer died before a store of the recovery; false if it came through. */
    boolean dies(final CrashScene scene, final long storeIndex)
    {
        return scene.dies(actor.apply(scene), storeIndex, () -> act.accept(scene));
    }

    @Override
    public String toString()
    {
        return title;
    }
}
