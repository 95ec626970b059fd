/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.spec;

import io.jcaps.testkit.Tlc;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
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
 * Checks the specification of the protocol in {@code src/test/tla}, in every order of its steps and with a death
 * between any two. Each rule holds. If a step is left out, the rule that needs it does not hold.
 * <p>
 * Larger models, minutes each: {@code -Dtlc=large}.
 */
@Tag("full")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class ModelCheckingTest
{
    private static final List<String> MESSAGE_RULES = List.of("ExclusiveRequest", "ExclusiveReply", "OneOutcome",
        "NotReceived", "NotReplied", "Replied", "Proved", "InOrder", "OneDispose", "NoEarlyDispose", "Settled");
    private static final List<String> LINK_RULES = List.of("Exclusive", "TrueFlags", "Told", "Accepted", "Recycled");
    private static final List<String> WAKE_RULES = List.of("TakenOnce", "NoSleeperForgotten");

    private static final List<String> SET_CLOSE_RULES = List.of("EntryKept", "NoSleeperLeft", "NextKept");
    private static final List<String> ORPHAN_RULES = List.of("Exclusive", "Kept", "Found");

    private static List<String> rules(final String module)
    {
        return switch (module)
        {
            case "Messages" -> MESSAGE_RULES;
            case "Links" -> LINK_RULES;
            case "Wake" -> WAKE_RULES;
            case "Orphans" -> ORPHAN_RULES;
            default -> SET_CLOSE_RULES;
        };
    }

    /** Constants of a module's own configuration, some of them changed: "name=value; name=value". */
    private static Map<String, String> constants(final String module, final String changes) throws IOException
    {
        final Map<String, String> result = Tlc.constants(module);
        for (final String change : null == changes ? new String[0] : changes.split(";"))
        {
            final String[] parts = change.strip().split("=", 2);
            assertThat(result).containsKey(parts[0]);
            result.put(parts[0], parts[1]);
        }
        return result;
    }

    private static void check(
        final String name, final String module, final String changes, final String property, final long atLeast)
        throws IOException, InterruptedException
    {
        final List<String> properties = null == property ? List.of() : List.of(property.split(" "));
        final long startNs = System.nanoTime();
        final Tlc run = Tlc.run(name, module, constants(module, changes), rules(module), properties, false);
        System.out.printf("%s (%s): %,d distinct states, %d s%n",
            name, module, run.stateCount(), TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startNs));
        assertThat(run.found()).isEqualTo("nothing");
        assertThat(run.stateCount()).isGreaterThanOrEqualTo(atLeast);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
        service-ends      | Messages | ClientEnds={}                                       |          | 10000
        client-ends       | Messages | ServiceEnds={}                                      |          | 10000
        calls             | Messages | ClientEnds={}; ServiceEnds={}; Calls=TRUE           |          | 10000
        answered-in-time  | Messages | ClientEnds={}; Aborts=FALSE                         | Answered | 1000
        slot-used-again   | Messages | ClientEnds={}; ServiceEnds={"dies"}; PutCount=3; SlotCount=1 | | 1000
        one-service       | Links    |                                                     | FreeAgain | 5000
        many-at-service   | Wake     |                                                     | Woken AllTaken | 5000
        many-at-client    | Wake     | Mode="own"; Deaths=TRUE                             | Woken    | 5000
        wait-set          | Wake     | Announce="store"; Threads={1}                       | Woken    | 500
        disposals         | Wake     | Disposals=1; Timeouts=TRUE; Publishers={1}          |          | 1000
        close-of-wait-set | SetClose |                                             | AllBack AllClosed | 500
        who-leaves        | Orphans  |                                                     |          | 5000
        """)
    @DisplayName("B1, B2, R19 to R25, R29: the rules hold in each order of the steps and with each death")
    void shouldKeepRules(
        final String name, final String module, final String changes, final String property, final long atLeast)
        throws IOException, InterruptedException
    {
        check(name, module, changes, property, atLeast);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
        all-ends          | Messages |                                                     |          | 100000
        three-messages    | Messages | PutCount=3; ClientEnds={}; ServiceEnds={"dies"}     |          | 500000
        calls-and-ends    | Messages | Calls=TRUE                                          |          | 100000
        two-services      | Links    | Services={"s1", "s2"}                               |          | 100000
        three-uses        | Links    | UseCount=3                                          | FreeAgain | 20000
        three-threads     | Wake     | Threads={1, 2, 3}; Timeouts=TRUE                    | Woken    | 50000
        """)
    @EnabledIfSystemProperty(named = "tlc", matches = "large")
    @DisplayName("B1, B2, R19 to R25, R29: the same with more messages, ends and uses")
    void shouldKeepRulesInLargeModels(
        final String name, final String module, final String changes, final String property, final long atLeast)
        throws IOException, InterruptedException
    {
        check(name, module, changes, property, atLeast);
    }

    @ParameterizedTest(name = "{1}: {0}")
    @CsvSource(delimiter = '|', textBlock = """
        paused is dead                     | Messages | ClientEnds={}; ServiceEnds={}       | Proved
        slots not looked at                | Messages | ClientEnds={}; ServiceEnds={"dies"} | NotReplied
        one look                           | Messages | ClientEnds={}; ServiceEnds={}       | NotReceived
        abort without fence                | Messages | ClientEnds={}; ServiceEnds={}       | NotReceived
        received without fence             | Messages | ClientEnds={}; ServiceEnds={}       | NotReceived
        watermark late                     | Messages | ClientEnds={}; ServiceEnds={"dies"} | NotReceived
        hard abort frees                   | Messages | ClientEnds={}; ServiceEnds={}       | ExclusiveRequest
        early disposal                     | Messages | ClientEnds={}; ServiceEnds={}; Aborts=FALSE | NoEarlyDispose
        disposal not cleared               | Messages | ClientEnds={}; ServiceEnds={}; Aborts=FALSE | OneDispose
        guess without order                | Messages | ClientEnds={}; ServiceEnds={}; Aborts=FALSE | InOrder
        record before id                   | Messages | ClientEnds={}; ServiceEnds={}; Aborts=FALSE | Settled
        incarnation left out               | Links    | Clients={"c1"}; Services={"s1", "s2"}; Deaths={} | TrueFlags
        view not waited for                | Links    |                                     | Exclusive
        paused is dead                     | Links    |                                     | Exclusive
        let go leaves it open              | Links    |                                     | Exclusive
        no fence at the end                | Links    | Deaths={}                           | Told
        no second look                     | Links    | Deaths={}                           | Told
        accept without compare             | Links    | Deaths={}                           | Exclusive
        failed accept is forgotten         | Links    | Deaths={}                           | Accepted
        events seen late                   | Links    | Deaths={}                           | Recycled
        no look after the announcement     | Wake     | Threads={1}; Publishers={1}         | NoSleeperForgotten
        announced after the look           | Wake     | Threads={1}; Publishers={1}         | NoSleeperForgotten
        no fence at the publisher          | Wake     | Threads={1}; Publishers={1}         | NoSleeperForgotten
        no fence at the sleeper           | Wake     | Threads={1}; Publishers={1}; Announce="store"| NoSleeperForgotten
        wake before publication            | Wake     | Threads={1}; Publishers={1}         | NoSleeperForgotten
        word unchanged                     | Wake     | Threads={1}; Publishers={1}         | NoSleeperForgotten
        one of many                        | Wake     | Mode="own"                          | NoSleeperForgotten
        watch wakes nobody                 | Wake     | Mode="own"; Deaths=TRUE             | NoSleeperForgotten
        disposal uses up the wake-up       | Wake     | Disposals=1; Publishers={1}         | NoSleeperForgotten
        no second look                     | SetClose |                                     | NoSleeperLeft
        woken before it is closed          | SetClose | Closers={1}                         | EntryKept
        waiters are not waited for         | SetClose |                                     | EntryKept
        freed by index                     | SetClose |                                     | NextKept
        only the dead are looked for       | Orphans  |                                     | Found
        same processes are enough          | Orphans  |                                     | Found
        reap that failed counts            | Orphans  |                                     | Found
        leaves with a claim                | Orphans  | Losses={}                           | Exclusive
        freed by index                     | Orphans  |                                     | Kept
        """)
    @DisplayName("Each step that the rules need is missed when it is left out")
    void shouldFindFault(final String fault, final String module, final String changes, final String violated)
        throws IOException, InterruptedException
    {
        final Map<String, String> constants = constants(module, changes);
        constants.put("Fault", '"' + fault + '"');
        final Tlc run = Tlc.run(module + "-" + fault.replace(' ', '-'), module, constants,
            rules(module), List.of(), true);
        assertThat(run.found()).isEqualTo(violated);
    }
}
