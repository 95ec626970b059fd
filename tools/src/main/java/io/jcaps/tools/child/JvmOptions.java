/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.child;

import java.util.Map;
import java.util.regex.Pattern;

/**
 * Options that JVMs take from their environment. Some are for one JVM only, such as a port to listen on or an agent;
 * and a JVM's log on standard output would be mixed with the child's lines. The launcher {@code caps} drops the same
 * ones. Any thread may call.
 */
final class JvmOptions
{
    private static final String[] VARIABLES = {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"};
    private static final Pattern FOR_ONE_JVM = Pattern.compile(
        "(?<!\\S)(-Dcom\\.sun\\.management\\.\\S*|-agentlib:\\S*|" +
        "-agentpath:\\S*|-javaagent:\\S*|-Xrunjdwp:\\S*|-Xlog\\S*|-verbose\\S*)");

    private JvmOptions()
    {
    }

    /**
     * Removes the options that a second JVM cannot share.
     *
     * @param environment of the process to start, which is changed.
     */
    static void keepShareable(final Map<String, String> environment)
    {
        for (final String variable : VARIABLES)
        {
            environment.computeIfPresent(variable, (name, options) ->
            {
                final String kept = FOR_ONE_JVM.matcher(options).replaceAll("").trim();
                return kept.isEmpty() ? null : kept;
            });
        }
    }
}
