/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.testkit.mutants;

import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;

/** The JVM that runs a mutant's tests. It ends at the first test that fails. */
public final class MutantTests implements TestExecutionListener
{
    static final int SURVIVED = 0;
    static final int KILLED = 10;
    static final int HUNG = 11;
    static final int NO_TESTS = 12;

    private static final String STUCK = "stuck: ";

    private int passedCount;

    private MutantTests()
    {
    }

    /**
     * @param args tests, each a class or {@code class#method}.
     */
    public static void main(final String[] args)
    {
        final List<DiscoverySelector> selectors = new ArrayList<>();
        for (final String test : args)
        {
            selectors.add(test.contains("#") ?
                DiscoverySelectors.selectMethod(test) : DiscoverySelectors.selectClass(test));
        }
        final MutantTests listener = new MutantTests();
        for (final DiscoverySelector selector : selectors)
        {
            final LauncherDiscoveryRequest request =
                LauncherDiscoveryRequestBuilder.request().selectors(selector).build();
            LauncherFactory.create().execute(request, listener);
        }
        // Threads that a mutant left behind must not keep it.
        Runtime.getRuntime().halt(0 == listener.passedCount ? NO_TESTS : SURVIVED);
    }

    @Override
    public void executionFinished(final TestIdentifier identifier, final TestExecutionResult result)
    {
        if (TestExecutionResult.Status.FAILED == result.getStatus())
        {
            final Throwable failure = result.getThrowable().orElse(null);
            System.out.println(identifier.getDisplayName() + ": " + failure);
            System.out.flush();
            Runtime.getRuntime().halt(isHang(failure) ? HUNG : KILLED);
        }
        else if (identifier.isTest())
        {
            passedCount++;
        }
    }

    /** The watchdog and JUnit's time limits. */
    private static boolean isHang(final Throwable failure)
    {
        return failure instanceof TimeoutException ||
            null != failure && null != failure.getMessage() && failure.getMessage().startsWith(STUCK);
    }
}
