/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.bench;

import io.jcaps.bench.Cell;
import io.jcaps.bench.PayloadKind;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.Workload;
import io.jcaps.bench.suite.CellResult;
import io.jcaps.bench.suite.Suite;
import io.jcaps.tools.terminal.Screen;

import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Shows the progress of a run and its failures. One thread.
 */
final class SuiteProgress implements Suite.Listener
{
    private final Screen screen;
    private final Set<String> failures = new HashSet<>();

    SuiteProgress(final Screen screen)
    {
        this.screen = screen;
    }

    @Override
    public void onStart(final Suite.Progress progress)
    {
        screen.progress(progress.done(), String.format(Locale.ROOT, "%s left  %s: %s, round %d",
            time(progress.leftNs()), progress.cell().contender(), title(progress.cell()), progress.round()));
    }

    @Override
    public void onResult(final CellResult result)
    {
        // Once per text: a contender that cannot start fails alike in each round.
        final String failure = result.cell().contender() + ": " + title(result.cell()) + ": " + result.failure();
        if (null == result.failure() && !result.isSteady())
        {
            screen.print("  not steady: " + result.cell().contender() + ": " + title(result.cell()) +
                ": the floor differed within each of " + result.tryCount() + " tries (round " + result.round() + ")");
        }
        if (null != result.failure() && failures.add(failure))
        {
            screen.print("  failed: " + failure + " (round " + result.round() + ")");
        }
    }

    static String title(final Cell cell)
    {
        final StringBuilder title = new StringBuilder(bytes(cell.length()));
        if (PayloadKind.FILLED == cell.payload())
        {
            title.append(" filled");
        }
        if (Waiting.BLOCK == cell.waiting())
        {
            title.append(", blocking");
        }
        if (Workload.PIPELINED == cell.workload())
        {
            title.append(", window ").append(cell.window());
        }
        else if (Workload.OPEN_LOOP == cell.workload())
        {
            title.append(String.format(Locale.ROOT, ", %,d/s", cell.ratePerSecond()));
        }
        else if (Workload.LOAD == cell.workload())
        {
            title.append(", load ").append(cell.loadPercent()).append(" %");
        }
        else if (Workload.STREAM == cell.workload())
        {
            title.append(", stream");
        }
        else if (Workload.CROWD == cell.workload())
        {
            title.append(", crowd of ").append(cell.clientCount());
        }
        else if (cell.clientCount() > 1)
        {
            title.append(", ").append(cell.clientCount()).append(" clients");
        }
        return title.toString();
    }

    static String time(final long ns)
    {
        final long seconds = TimeUnit.NANOSECONDS.toSeconds(ns);
        return String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60);
    }

    private static String bytes(final int length)
    {
        return length >= 1024 && length % 1024 == 0 ? length / 1024 + " KiB" : length + " B";
    }
}
