/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.testkit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

import java.time.Duration;

/**
 * Makes Awaitility look at once, and then every 5 ms, without a limit that matters. With its own interval of 100 ms a
 * short test would mostly wait; its own limit of 10 s is less than a busy machine may need.
 */
public final class QuickPolls implements BeforeAllCallback
{
    private static final Duration INTERVAL = Duration.ofMillis(5);
    /** Far more than any machine takes: the watchdog finds what is stuck. A mutant's test may give up sooner. */
    private static final Duration TIMEOUT = Duration.ofSeconds(Integer.getInteger("caps.test.await.seconds", 600));

    /** {@inheritDoc} */
    @Override
    public void beforeAll(final ExtensionContext context)
    {
        Awaitility.setDefaultPollDelay(Duration.ZERO);
        Awaitility.setDefaultPollInterval(INTERVAL);
        Awaitility.setDefaultTimeout(TIMEOUT);
    }
}
