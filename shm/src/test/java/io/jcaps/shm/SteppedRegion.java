/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.host.SteppingHost;

import java.nio.file.Path;

/**
 * Opens a real region with a host that can be stepped through, for tests in other packages.
 */
public final class SteppedRegion
{
    private SteppedRegion()
    {
    }

    /**
     * @param path of a region that is there.
     * @return a host that stops where the test wants it to.
     */
    public static SteppingHost open(final Path path)
    {
        return new SteppingHost(ShmHost.open(new RegionConfig().path(path)));
    }
}
