/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import java.util.function.Consumer;
import java.util.function.Function;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a process can be doing when it dies: who does it, what comes before it, and how many stores it has at least. A
 * claim, a copy or an operating system's call counts as a store.
 */
enum CrashOperation
{
    // Life lock, 6 fields and a group, incarnations, tables' lock.
    ATTACH("F6: attach", 10, (s) -> s.newcomer, (s) -> s.newcomer.attach()),
    // 14 fields, incarnations, the registration's count, tables' lock, wake-up.
    REGISTER("F6: register", 18, (s) -> s.idler, (s) -> s.register(s.idler, CrashScene.SECOND_NAME)),
    REGISTER_BUSY("F6, F5: register a second service",
        18, (s) -> s.service.process, (s) -> s.register(s.service.process, CrashScene.SECOND_NAME)),
    // 9 fields of the link, 15 of the port, memory, OPEN, a lease, tables' lock, events.
    CONNECT("F6: connect", 28, (s) -> s.idler, (s) -> s.connect(s.idler, s.service, CrashScene.NAME)),
    CONNECT_AND_PUT("F6, F2: connect and put",
        34, (s) -> s.idler, (s) -> s.connect(s.idler, s.service, CrashScene.NAME).put(CrashPayload.INLINE)),
    CONNECT_BUSY("F6, F2: connect a second client",
        28, (s) -> s.client.process, (s) -> s.connect(s.client.process, s.otherService, CrashScene.OTHER_NAME)),
    CONNECT_PREFAULTED("F6: connect, with memory for each payload", 28 + CrashScene.SLOT_COUNT,
        (s) -> s.idler, (s) -> s.idler.attachment().client(CrashScene.NAME,
            new PortOptions().prefaultLength(CrashPayload.LIMIT)).close()),
    ACCEPT("F6: accept", 2, CrashOperation::connectIdler, (s) -> s.service.process, (s) -> s.service.receiveAll()),
    WAIT_SET("F6: make a wait set", 17, (s) -> s.client.process, (s) -> s.client.process.makeWaitSet()),
    WAIT_SET_AWAIT("F6: wait on a wait set", 4, (s) ->
    {
        s.bystander.takeAll();
        s.otherClient.takeAll();
        s.bystander.process.makeWaitSet().add(s.bystander.port).add(s.otherClient.port);
    }, (s) -> s.bystander.process, (s) -> s.bystander.process.waitSet().await(0)),
    WAIT_SET_CLOSE("F6: close a wait set",
        1, (s) -> s.service.process.makeWaitSet().add(s.service.port),
        (s) -> s.service.process, (s) -> s.service.process.closeWaitSet()),
    GENERATION("F5: set a service's generation", 1, (s) -> s.service.process, (s) -> s.service.port.generation(7)),
    GENERATION_CLIENT("F1: set a client's generation",
        1, (s) -> s.client.process, (s) -> s.client.port.generation(8)),

    CLAIM("F1: claim and cancel", 1, (s) -> s.client.process, (s) -> s.client.claimAndCancel(CrashPayload.WHOLE_CELL)),
    // Payload, descriptor, ID, 4 of the record.
    PUT_INLINE("F1, F2: put in the slot", 6, (s) -> s.client.process, (s) -> s.client.put(CrashPayload.INLINE)),
    PUT_IN_CELL("F1, F2: put in the cell", 7, (s) -> s.client.process, (s) -> s.client.put(CrashPayload.CELL)),
    PUT_IN_PLACE("F1, F2: claim and put", 6, (s) -> s.client.process, (s) -> s.client.putInPlace(CrashPayload.CELL)),
    PUT_TO_SLEEPER("F2: put and wake", 8, CrashOperation::letServiceSleep,
        (s) -> s.client.process, (s) -> s.client.put(CrashPayload.INLINE)),
    GET_REPLY("F4: take a reply and release it", 2, (s) -> s.client.process, (s) -> s.client.take()),
    RELEASE("F4: release a view", 2, (s) -> s.client.process, (s) -> s.client.releaseView()),
    GET_AUTOMATIC("F4: take automatic replies", 2, (s) ->
    {
        s.service.isClosing = true;
        s.service.port.close();
    }, (s) -> s.client.process, (s) -> s.client.takeAll()),
    CALL("F1, F4: call", 9, (s) -> s.client.process, (s) -> s.client.call(CrashPayload.CELL, () ->
    {
        s.service.receiveAll();
        s.service.replyAll();
    })),
    CALL_IN_VAIN("F1, F2: call, and give up",
        7, (s) -> s.client.process, (s) -> s.client.callInVain(CrashPayload.CELL)),
    AWAIT_CLIENT("F4: wait at the client", 2, (s) -> s.client.takeAll(),
        (s) -> s.client.process, (s) -> s.client.await()),
    ABORT_SOFT_BEFORE("F2: abort before the service, soft",
        1, (s) -> s.client.process, (s) -> s.client.abort(s.client.newest(), false)),
    ABORT_HARD_BEFORE("F2: abort before the service, hard",
        1, (s) -> s.client.process, (s) -> s.client.abort(s.client.newest(), true)),
    ABORT_SOFT_AT("F2: abort at the service, soft", 1, (s) -> s.service.receiveAll(),
        (s) -> s.client.process, (s) -> s.client.abort(s.client.newest(), false)),
    ABORT_HARD_AT("F2: abort at the service, hard", 1, (s) -> s.service.receiveAll(), (s) -> s.client.process, (s) ->
    {
        s.client.abort(s.client.newest(), true);
        s.client.takeAll();
    }),
    REPLIED_LATE("F4: dispose of a late reply", 2, (s) ->
    {
        s.service.receiveAll();
        s.client.abort(s.client.newest(), true);
        s.client.takeAll();
        s.service.replyAll();
    }, (s) -> s.client.process, (s) -> s.client.takeAll()),
    CLOSE_CLIENT("F6: close a client", 3, (s) -> s.client.process, (s) -> s.client.port.close()),
    CLOSE_CLIENT_PROCESS("F6: close an attachment with a client",
        5, (s) -> s.client.process, (s) -> s.client.process.close()),
    CONVERSATION_CLIENT("F1, F2, F4: put, abort, take and release in turns",
        60, (s) -> s.client.process, (s) -> converse(s)),

    GET_REQUEST("F5: get requests", 1, (s) -> s.service.process, (s) -> s.service.receiveAll()),
    POLL("F5: receive a batch", 2, (s) -> s.service.process, (s) -> s.service.receiveBatch((message) -> {})),
    POLL_AND_REPLY("F5: receive a batch, and reply in place to each message", 12, (s) -> s.service.process,
        (s) -> s.service.receiveBatch((message) -> s.service.replyInBatch(message))),
    POLL_ABORTED("F5: receive a batch, one of which is aborted in it", 3, (s) ->
    {
        s.client.releaseView();
        s.client.put(CrashPayload.INLINE);
    }, (s) -> s.service.process, (s) -> s.service.receiveBatch((message) ->
    {
        if (!s.client.aborted.contains(s.client.newest()))
        {
            s.client.abort(s.client.newest(), false);
        }
    })),
    POLL_AND_CLOSE("F5, F6: close a service in a batch", 5, (s) ->
    {
        s.client.releaseView();
        s.client.put(CrashPayload.INLINE);
    }, (s) -> s.service.process, (s) -> s.service.receiveBatch((message) -> s.service.closeInBatch())),
    GET_TOO_LONG("F5: get a request that is too long, and reply all the same", 8, (s) -> s.service.process, (s) ->
    {
        s.service.receive(8);
        s.service.replyAll();
    }),
    GET_ABORTED("F5: get an aborted request", 3, (s) -> s.client.abort(s.client.newest(), false),
        (s) -> s.service.process, (s) -> s.service.receiveAll()),
    REPLY_INLINE("F5: reply in the slot", 6, (s) -> hold(s, CrashPayload.WHOLE_CELL),
        (s) -> s.service.process, (s) -> s.service.reply(s.client.newest())),
    REPLY_IN_CELL("F5: reply in the cell", 7, (s) -> hold(s, CrashPayload.INLINE),
        (s) -> s.service.process, (s) -> s.service.reply(s.client.newest())),
    REPLY_IN_PLACE("F5: claim and reply", 7, (s) -> hold(s, CrashPayload.CELL),
        (s) -> s.service.process, (s) -> s.service.replyInPlace(s.client.newest())),
    END("F5, B7: end a request with an outcome", 5, (s) -> hold(s, CrashPayload.INLINE),
        (s) -> s.service.process, (s) -> s.service.end(s.client.newest())),
    END_TO_SLEEPER("F5, B7: end a request, and wake", 7, CrashOperation::letClientSleep,
        (s) -> s.service.process, (s) -> s.service.end(s.service.oldestHeld())),
    END_TAKEN("F4, B7: take an outcome that the service gave, and release it", 2, (s) ->
    {
        s.client.takeAll();
        hold(s, CrashPayload.CELL);
        s.client.takeAll();
        s.service.end(s.client.newest());
    }, (s) -> s.client.process, (s) -> s.client.take()),
    REPLY_OUT_OF_ORDER("F5: reply, the last one first", 13, (s) -> s.service.receiveAll(),
        (s) -> s.service.process, (s) ->
        {
            s.service.reply(s.client.newest());
            s.service.reply(s.service.oldestHeld());
        }),
    REPLY_TO_SLEEPER("F5: reply and wake", 8, CrashOperation::letClientSleep,
        (s) -> s.service.process, (s) -> s.service.reply(s.service.oldestHeld())),
    AWAIT_SERVICE("F5: wait at the service", 2, (s) ->
    {
        s.service.receiveAll();
        s.service.replyAll();
    }, (s) -> s.service.process, (s) -> s.service.await()),
    DROP("F5, F7: let go of a client that closed", 1, (s) -> s.client.port.close(),
        (s) -> s.service.process, (s) -> s.service.receiveAll()),
    CLOSE_SERVICE("F6: close a service", 3, (s) -> s.service.process, (s) ->
    {
        s.service.isClosing = true;
        s.service.port.close();
    }),
    CLOSE_SERVICE_TO_SLEEPERS("F6: close a service, and wake", 5, CrashOperation::letClientSleep,
        (s) -> s.service.process, (s) ->
        {
            s.service.isClosing = true;
            s.service.port.close();
        }),
    CLOSE_SERVICE_PROCESS("F6: close an attachment with a service", 5, (s) -> s.service.process, (s) ->
    {
        s.service.isClosing = true;
        s.service.process.close();
    }),
    CONVERSATION_SERVICE("F5: get, skip and reply in turns", 60, (s) -> s.service.process, (s) -> converse(s)),

    CLOSE_IDLER("F6: close an attachment without ports", 2, (s) -> s.idler, (s) -> s.idler.close());

    private static final int ROUND_COUNT = 4;

    final int minStoreCount;
    private final String title;
    private final Consumer<CrashScene> prepare;
    private final Function<CrashScene, CrashProcess> actor;
    private final Consumer<CrashScene> act;

    CrashOperation(
        final String title,
        final int minStoreCount,
        final Function<CrashScene, CrashProcess> actor,
        final Consumer<CrashScene> act)
    {
        this(title, minStoreCount, (s) -> {}, actor, act);
    }

    CrashOperation(
        final String title,
        final int minStoreCount,
        final Consumer<CrashScene> prepare,
        final Function<CrashScene, CrashProcess> actor,
        final Consumer<CrashScene> act)
    {
        this.title = title;
        this.minStoreCount = minStoreCount;
        this.prepare = prepare;
        this.actor = actor;
        this.act = act;
    }

    void prepare(final CrashScene scene)
    {
        prepare.accept(scene);
    }

    /** Whether the actor died before a store of the operation; false if it came through. */
    boolean dies(final CrashScene scene, final long storeIndex)
    {
        return scene.dies(actor.apply(scene), storeIndex, () -> act.accept(scene));
    }

    @Override
    public String toString()
    {
        return title;
    }

    private static void connectIdler(final CrashScene scene)
    {
        scene.service.receiveAll();
        scene.connect(scene.idler, scene.service, CrashScene.NAME).put(CrashPayload.CELL);
    }

    /** The service has received one more message, whose reply will be of the next kind. */
    private static void hold(final CrashScene scene, final int kind)
    {
        scene.service.receiveAll();
        scene.service.replyAll();
        scene.client.put(kind);
        scene.service.receiveAll();
    }

    private static void letServiceSleep(final CrashScene scene)
    {
        scene.service.receiveAll();
        scene.sleepers.add(new CrashSleeper(scene.service.port));
    }

    private static void letClientSleep(final CrashScene scene)
    {
        scene.client.takeAll();
        scene.sleepers.add(new CrashSleeper(scene.client.port));
        scene.bystander.takeAll();
        scene.sleepers.add(new CrashSleeper(scene.bystander.port));
    }

    private static void converse(final CrashScene scene)
    {
        scene.client.releaseView();
        scene.client.takeAll();
        for (int i = 0; i < ROUND_COUNT; i++)
        {
            assertThat(scene.client.put(i % 3)).isPositive();
            scene.client.put((i + 1) % 3);
            scene.client.abort(scene.client.newest(), i % 2 == 0);
            scene.service.receiveAll();
            scene.client.putInPlace((i + 2) % 3);
            scene.service.receiveAll();
            scene.client.abort(scene.client.newest(), i % 2 == 0);
            scene.service.replyAll();
            scene.client.takeAll();
        }
    }
}
