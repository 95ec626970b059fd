/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.Attachment;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Where the watch runs is the program's to say.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WatchThreadTest
{
    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();

    @Test
    @DisplayName("The watch runs on the thread that the factory made, a daemon of its usual name, which the close ends")
    void shouldRunOnTheFactorysThread() throws Exception
    {
        final AtomicReference<Thread> made = new AtomicReference<>();
        final CompletableFuture<Thread> ran = new CompletableFuture<>();
        final RegionConfig config = fixture.config().watchThreadFactory((runnable) ->
        {
            final Thread thread = new Thread(() ->
            {
                // Where a program would pin the thread.
                ran.complete(Thread.currentThread());
                runnable.run();
            });
            made.set(thread);
            return thread;
        });
        try (Attachment caps = Caps.attach(config))
        {
            assertThat(ran.get()).isSameAs(made.get());
            assertThat(made.get().isDaemon()).isTrue();
            assertThat(made.get().getName()).isEqualTo("jcaps-watch");
            assertThat(made.get().isAlive()).isTrue();
        }
        made.get().join();
    }

    @Test
    @DisplayName("If the thread factory fails, the attach fails and leaves nothing in the region")
    void shouldFailWithTheFactory()
    {
        final RegionConfig config = fixture.config().watchThreadFactory((runnable) ->
        {
            throw new IllegalStateException("no core left");
        });
        assertThatThrownBy(() -> Caps.attach(config)).isInstanceOf(IllegalStateException.class)
            .hasMessage("no core left");
        // As many as the region has room for.
        final List<Attachment> all = new ArrayList<>();
        for (int i = 0; i < RegionFixture.SMALL.processCount(); i++)
        {
            all.add(Caps.attach(fixture.config()));
        }
        all.forEach(Attachment::close);
    }
}
