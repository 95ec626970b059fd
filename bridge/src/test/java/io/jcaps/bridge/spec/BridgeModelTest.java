/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.spec;

import io.jcaps.testkit.Tlc;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The specification of a session in {@code src/test/tla}: every order of its steps, with frames that come twice, cuts,
 * and a crash of either bridge between any two. Each rule holds; and if a step is left out, the rule that it is there
 * for does not.
 */
@Tag("full")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class BridgeModelTest
{
    private static final String MODULE = "Bridge";
    private static final List<String> RULES = List.of(
        "ExactlyOne", "AtMostOnce", "InOrder", "NotHandedOut", "Replied", "LeaseKept", "Quota");
    private static final String TIMED =
        "Slots={1}; PutCount=1; Dups=0; MaxTime=4; Cuts={\"toA\", \"toB\"}";
    private static final String LARGE =
        "Slots={1}; PutCount=2; Dups=0; MaxTime=4; Cuts={\"toA\", \"toB\"}";
    private static final String SMALL = "Slots={1}; PutCount=2; Crashes={\"close\"}; Cuts={}";

    private static Tlc run(final String name, final String model, final String fault)
        throws IOException, InterruptedException
    {
        final Map<String, String> constants = Tlc.constants(MODULE);
        final String changes =
            switch (model)
            {
                case "timed" -> TIMED;
                case "timed-large" -> LARGE;
                case "small" -> SMALL;
                default -> "";
            };
        for (final String change : changes.isEmpty() ? new String[0] : changes.split("; "))
        {
            final String[] parts = change.split("=", 2);
            assertThat(constants).containsKey(parts[0]);
            constants.put(parts[0], parts[1]);
        }
        constants.put("Fault", '"' + fault + '"');
        return Tlc.run(name.replaceAll("[ ']", "-"), MODULE, constants, RULES, List.of(), !"none".equals(fault));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"small, 500", "three-messages, 100000", "timed, 300000"})
    @DisplayName("B1, B7, R14, R19: whatever the order of steps, cuts, crashes and time, the rules hold")
    void shouldKeepRules(final String model, final long atLeast) throws IOException, InterruptedException
    {
        keepRules(model, atLeast);
    }

    @Test
    @EnabledIfSystemProperty(named = "tlc", matches = "large", disabledReason = "millions of states: -Dtlc=large")
    @DisplayName("B7: however the clock runs between the steps of two messages, the rules hold")
    void shouldKeepRulesAtAnyTime() throws IOException, InterruptedException
    {
        keepRules("timed-large", 1_000_000);
    }

    private static void keepRules(final String model, final long atLeast) throws IOException, InterruptedException
    {
        final Tlc run = run(model, model, "none");
        assertThat(run.found()).isEqualTo("nothing");
        assertThat(run.stateCount()).isGreaterThanOrEqualTo(atLeast);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
        no lease                             | timed | LeaseKept
        lease from the echo's arrival        | timed | LeaseKept
        bye before the ports are closed      | small | LeaseKept
        request does not imply the disposal  | small | Quota
        duplicates are handed out            | small | AtMostOnce
        late reply is not compared           | small | Replied
        offered after it is published        | small | NotHandedOut
        """, quoteCharacter = '"')
    @DisplayName("Each step that the rules need is missed when it is left out")
    void shouldFindFault(final String fault, final String model, final String violated)
        throws IOException, InterruptedException
    {
        assertThat(run(fault, model, fault).found()).isEqualTo(violated);
    }
}
