/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.child;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.util.HashMap;
import java.util.Map;

import static org.assertj.core.api.Assertions.assertThat;

class JvmOptionsTest
{
    @Test
    @DisplayName("A child inherits neither the port of JMX, nor a debugger, nor a log on standard output")
    void shouldDropWhatIsForOneJvm()
    {
        final Map<String, String> environment = new HashMap<>(Map.of(
            "JAVA_TOOL_OPTIONS",
            "-Dcom.sun.management.jmxremote.port=9010 -Xlog:gc* -Djcaps.region=/r -javaagent:a.jar",
            "JDK_JAVA_OPTIONS", "-agentlib:jdwp=transport=dt_socket,server=y,address=5005",
            "_JAVA_OPTIONS", "-Xss1m",
            "PATH", "-javaagent:kept"));
        JvmOptions.keepShareable(environment);
        assertThat(environment.get("JAVA_TOOL_OPTIONS")).isEqualTo("-Djcaps.region=/r");
        assertThat(environment).doesNotContainKey("JDK_JAVA_OPTIONS")
            .containsEntry("_JAVA_OPTIONS", "-Xss1m").containsEntry("PATH", "-javaagent:kept");
    }
}
