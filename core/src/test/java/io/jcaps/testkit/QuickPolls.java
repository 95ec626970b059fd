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
 * Makes Awaitility look at once, and then every 5 ms. With its own 100 ms a short test would wait for most of its time.
 */
public final class QuickPolls implements BeforeAllCallback
{
    private static final Duration INTERVAL = Duration.ofMillis(5);

    /** {@inheritDoc} */
    @Override
    public void beforeAll(final ExtensionContext context)
    {
        Awaitility.setDefaultPollDelay(Duration.ZERO);
        Awaitility.setDefaultPollInterval(INTERVAL);
    }
}
