/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.soak;

import io.jcaps.Outcome;
import io.jcaps.tools.soak.Accounts.ClientEnd;
import io.jcaps.tools.soak.Accounts.ServiceEnd;
import io.jcaps.tools.soak.Accounts.Way;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.nio.ByteBuffer;
import java.util.Locale;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Feeds the accounts what must never happen, and looks whether they say so.
 */
class AccountsTest
{
    private static final int PUT = Ledger.PUTTING | Ledger.ACCEPTED;
    private static final int RELEASED = PUT | Ledger.RELEASING;
    private static final int ANSWERED = Ledger.SEEN | Ledger.REPLYING | Ledger.REPLIED;
    private static final long GENERATION = PortNote.generation(7, 3);

    private final Ledger ledger = ledger(1);
    private final Accounts accounts = new Accounts();

    @Test
    @DisplayName("B1: each kind of outcome, reported truly, is clean and counted")
    void shouldAcceptWhatIsTrue()
    {
        message(0, RELEASED, Outcome.REPLIED, ANSWERED | Ledger.DISPOSED);
        message(1, RELEASED | Ledger.ABORTING, Outcome.ABORTED, 0);
        message(2, RELEASED | Ledger.CALLED, Outcome.ABORTED | Outcome.RECEIVED, ANSWERED | Ledger.DISPOSED);
        accounts.add(ledger, ClientEnd.DRAINED, ServiceEnd.OUTLIVED, Way.LOCAL);

        final Ledger ofClosed = ledger(2);
        message(ofClosed, 0, RELEASED, Outcome.SERVICE_CLOSED, 0);
        message(ofClosed, 1, RELEASED, Outcome.SERVICE_CLOSED | Outcome.RECEIVED, Ledger.SEEN);
        ofClosed.gone();
        accounts.add(ofClosed, ClientEnd.DRAINED, ServiceEnd.CLOSED, Way.LOCAL);

        final Ledger ofKilled = ledger(3);
        message(ofKilled, 0, RELEASED, Outcome.SERVICE_DIED, 0);
        message(ofKilled, 1, RELEASED, Outcome.SERVICE_DIED | Outcome.RECEIVED, Ledger.SEEN | Ledger.REPLYING);
        message(ofKilled, 2, RELEASED, Outcome.REPLIED, Ledger.SEEN | Ledger.REPLYING);
        ofKilled.gone();
        accounts.add(ofKilled, ClientEnd.DRAINED, ServiceEnd.KILLED, Way.LOCAL);

        final Ledger ofKilledClient = ledger(4);
        ofKilledClient.clientNote(0, PUT);
        ofKilledClient.clientNote(1, Ledger.PUTTING);
        ofKilledClient.addServiceNote(1, ANSWERED | Ledger.DISPOSED | Ledger.DISPOSED_EARLY);
        accounts.add(ofKilledClient, ClientEnd.KILLED, ServiceEnd.OUTLIVED, Way.LOCAL);

        assertThat(accounts.findings()).isEmpty();
        assertThat(accounts.isClean()).isTrue();
        assertThat(accounts.puts()).isEqualTo(9);
        assertThat(accounts.numbers())
            .containsEntry("connections", 4L)
            .containsEntry("outcomeReplied", 2L)
            .containsEntry("outcomeServiceClosed", 1L)
            .containsEntry("outcomeServiceClosedReceived", 1L)
            .containsEntry("outcomeServiceDied", 1L)
            .containsEntry("outcomeServiceDiedReceived", 1L)
            .containsEntry("outcomeAborted", 1L)
            .containsEntry("outcomeAbortedReceived", 1L)
            .containsEntry("openWhenClientWasKilled", 1L)
            .containsEntry("received", 6L)
            .containsEntry("replied", 3L)
            .containsEntry("disposals", 3L)
            .containsEntry("aborts", 1L);
    }

    @ParameterizedTest
    @EnumSource(value = ClientEnd.class, names = {"DRAINED", "STUCK"})
    @DisplayName("B1: an accepted put without an outcome is lost")
    void shouldReportALostMessage(final ClientEnd end)
    {
        ledger.clientNote(5, PUT);
        accounts.add(ledger, end, ServiceEnd.OUTLIVED, Way.LOCAL);

        assertFound("lost", "message 5");
        assertThat(accounts.withoutOutcome()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(value = ServiceEnd.class, names = {"CLOSED", "KILLED"})
    @DisplayName("R23: a reply that was sent, and that the client did not get, is lost")
    void shouldReportALostReply(final ServiceEnd end)
    {
        message(1, RELEASED, Outcome.RECEIVED |
            (ServiceEnd.CLOSED == end ? Outcome.SERVICE_CLOSED : Outcome.SERVICE_DIED), ANSWERED);
        accounts.add(ledger, ClientEnd.DRAINED, end, Way.LOCAL);

        assertFound("lost", "R23");
    }

    @ParameterizedTest
    @EnumSource(value = ServiceEnd.class, names = {"OUTLIVED", "OVERDUE"})
    @DisplayName("R21, R24: a message that a living service received and that is never disposed of is a lost disposal")
    void shouldReportALostDisposal(final ServiceEnd end)
    {
        message(1, RELEASED, Outcome.REPLIED, ANSWERED);
        accounts.add(ledger, ClientEnd.DRAINED, end, Way.LOCAL);

        assertFound("lostDisposals", "R24");
    }

    @ParameterizedTest
    @EnumSource(Ledger.Fault.class)
    @DisplayName("B1, R19, R20: messages counted as doubled, torn, disordered or unknown are reported")
    void shouldReportFaultsOfBothEnds(final Ledger.Fault fault)
    {
        ledger.addClientFault(fault);
        ledger.addServiceFault(fault);
        ledger.addServiceFault(fault);
        accounts.add(ledger, ClientEnd.KILLED, ServiceEnd.KILLED, Way.LOCAL);

        assertThat(accounts.isClean()).isFalse();
        for (final Ledger.Fault each : Ledger.Fault.values())
        {
            assertThat(accounts.numbers().get(each.name().toLowerCase(Locale.ROOT)))
                .isEqualTo(each == fault ? 3 : 0);
        }
    }

    @Test
    @DisplayName("F5, B1: an outcome without RECEIVED for a message that the service had received")
    void shouldReportAReceptionThatWasDenied()
    {
        message(1, RELEASED, Outcome.SERVICE_DIED, Ledger.SEEN);
        accounts.add(ledger, ClientEnd.DRAINED, ServiceEnd.KILLED, Way.LOCAL);

        assertFound("untruthful", "without RECEIVED");
    }

    @Test
    @DisplayName("F5, B1: a killed service may miss the notes of one batch, not of one message more")
    void shouldReportASecondReceptionThatWasMadeUp()
    {
        // A service dies with a batch at most: what it had received and not handed out.
        for (int i = 1; i <= Registration.MAX_BATCH; i++)
        {
            addReception(i);
            assertThat(accounts.isClean()).as("reception " + i).isTrue();
        }
        final int tooMany = Registration.MAX_BATCH + 1;
        addReception(tooMany);
        assertFound("untruthful", "connection " + tooMany + ", message 1");
    }

    private void addReception(final int connection)
    {
        final Ledger other = ledger(connection);
        message(other, 1, RELEASED, Outcome.SERVICE_DIED | Outcome.RECEIVED, 0);
        accounts.add(other, ClientEnd.DRAINED, ServiceEnd.KILLED, Way.LOCAL);
    }

    @Test
    @DisplayName("R23, B1: a service that closed has recorded all that it received")
    void shouldReportAReceptionBeforeACloseThatWasMadeUp()
    {
        message(1, RELEASED, Outcome.SERVICE_CLOSED | Outcome.RECEIVED, 0);
        accounts.add(ledger, ClientEnd.DRAINED, ServiceEnd.CLOSED, Way.LOCAL);

        assertFound("untruthful", "SERVICE_CLOSED with RECEIVED");
    }

    @ParameterizedTest
    @EnumSource(value = ServiceEnd.class, names = {"OUTLIVED", "OVERDUE", "CLOSED"})
    @DisplayName("F8, B2: SERVICE_DIED of a service that did not die")
    void shouldReportADeathThatWasNone(final ServiceEnd end)
    {
        message(1, RELEASED, Outcome.SERVICE_DIED, 0);
        accounts.add(ledger, ClientEnd.DRAINED, end, Way.LOCAL);

        assertFound("untruthful", "B2");
    }

    @ParameterizedTest
    @EnumSource(value = ServiceEnd.class, names = {"OUTLIVED", "OVERDUE", "KILLED"})
    @DisplayName("R23: SERVICE_CLOSED of a service that did not close")
    void shouldReportACloseThatWasNone(final ServiceEnd end)
    {
        message(1, RELEASED, Outcome.SERVICE_CLOSED, 0);
        accounts.add(ledger, ClientEnd.DRAINED, end, Way.LOCAL);

        assertFound("untruthful", "the service did not close");
    }

    @Test
    @DisplayName("F8, B2: a living service is not reported as dead")
    void shouldReportAServiceThatWasGoneAndLives()
    {
        ledger.gone();
        accounts.add(ledger, ClientEnd.DRAINED, ServiceEnd.OUTLIVED, Way.LOCAL);

        assertFound("untruthful", "it lives");
    }

    @Test
    void shouldReportAReplyThatNobodyMade()
    {
        message(1, RELEASED, Outcome.REPLIED, Ledger.SEEN | Ledger.DISPOSED);
        message(2, RELEASED, Outcome.REPLIED, Ledger.SEEN | Ledger.REPLYING | Ledger.REFUSED | Ledger.DISPOSED);
        accounts.add(ledger, ClientEnd.DRAINED, ServiceEnd.OUTLIVED, Way.LOCAL);

        assertThat(accounts.numbers()).containsEntry("untruthful", 2L);
    }

    @Test
    void shouldReportAnAbortThatNobodyAskedFor()
    {
        message(1, RELEASED, Outcome.ABORTED, 0);
        accounts.add(ledger, ClientEnd.DRAINED, ServiceEnd.OUTLIVED, Way.LOCAL);

        assertFound("untruthful", "aborted");
    }

    @Test
    void shouldReportAReceptionOfWhatWasNotAccepted()
    {
        ledger.addServiceNote(1, Ledger.SEEN | Ledger.DISPOSED);
        accounts.add(ledger, ClientEnd.DRAINED, ServiceEnd.OUTLIVED, Way.LOCAL);

        assertFound("untruthful", "not accepted");
    }

    @Test
    @DisplayName("R21: a disposal while the client held the reply")
    void shouldReportAnEarlyDisposal()
    {
        message(1, RELEASED, Outcome.REPLIED, ANSWERED | Ledger.DISPOSED | Ledger.DISPOSED_EARLY);
        accounts.add(ledger, ClientEnd.DRAINED, ServiceEnd.OUTLIVED, Way.LOCAL);

        assertFound("untruthful", "R21");
    }

    @Test
    @DisplayName("B7: the outcomes of a remote client when a bridge loses its connection are clean")
    void shouldAcceptWhatIsTrueOfALoss()
    {
        message(0, RELEASED, Outcome.UNREACHABLE, 0);
        message(1, RELEASED, Outcome.UNREACHABLE | Outcome.RECEIVED, 0);
        message(2, RELEASED, Outcome.UNREACHABLE | Outcome.RECEIVED, ANSWERED | Ledger.DISPOSED);
        message(3, RELEASED, Outcome.SERVICE_CLOSED, 0);
        message(4, RELEASED, Outcome.REPLIED, ANSWERED | Ledger.DISPOSED | Ledger.DISPOSED_EARLY);
        ledger.gone();
        accounts.add(ledger, ClientEnd.DRAINED, ServiceEnd.OUTLIVED, Way.DISTURBED);

        final Ledger ofKilledBridge = ledger(2);
        message(ofKilledBridge, 0, RELEASED, Outcome.SERVICE_DIED, 0);
        message(ofKilledBridge, 1, RELEASED, Outcome.SERVICE_DIED | Outcome.RECEIVED, ANSWERED | Ledger.DISPOSED);
        ofKilledBridge.gone();
        accounts.add(ofKilledBridge, ClientEnd.DRAINED, ServiceEnd.OUTLIVED, Way.IMPORTER_KILLED);

        final Ledger ofKilledService = ledger(3);
        message(ofKilledService, 0, RELEASED, Outcome.SERVICE_CLOSED, 0);
        accounts.add(ofKilledService, ClientEnd.DRAINED, ServiceEnd.KILLED, Way.STEADY);

        assertThat(accounts.findings()).isEmpty();
        assertThat(accounts.numbers())
            .containsEntry("outcomeUnreachable", 1L)
            .containsEntry("outcomeUnreachableReceived", 2L);
    }

    @Test
    @DisplayName("B7: an unset RECEIVED is a promise, across the network too")
    void shouldReportAReceptionThatWasDeniedAcrossTheNetwork()
    {
        message(1, RELEASED, Outcome.UNREACHABLE, Ledger.SEEN | Ledger.DISPOSED);
        accounts.add(ledger, ClientEnd.DRAINED, ServiceEnd.OUTLIVED, Way.DISTURBED);

        assertFound("untruthful", "without RECEIVED");
    }

    @ParameterizedTest
    @EnumSource(value = Way.class, names = {"LOCAL", "STEADY"})
    @DisplayName("B7: UNREACHABLE although nothing was cut, stopped or killed")
    void shouldReportALossThatWasNone(final Way way)
    {
        message(1, RELEASED, Outcome.UNREACHABLE | Outcome.RECEIVED, Ledger.SEEN | Ledger.DISPOSED);
        accounts.add(ledger, ClientEnd.DRAINED, ServiceEnd.OUTLIVED, way);

        assertFound("untruthful", "B7");
    }

    @ParameterizedTest
    @EnumSource(value = Way.class, names = {"STEADY", "DISTURBED"})
    @DisplayName("B7, B2: a time limit never produces SERVICE_DIED")
    void shouldReportADeathThatWasALoss(final Way way)
    {
        message(1, RELEASED, Outcome.SERVICE_DIED | Outcome.RECEIVED, Ledger.SEEN | Ledger.DISPOSED);
        accounts.add(ledger, ClientEnd.DRAINED, ServiceEnd.OUTLIVED, way);

        assertFound("untruthful", "B2");
    }

    @Test
    @DisplayName("B7: a lost stand-in that closes does not set RECEIVED")
    void shouldReportACloseOfAStandInWithReception()
    {
        message(1, RELEASED, Outcome.SERVICE_CLOSED | Outcome.RECEIVED, Ledger.SEEN | Ledger.DISPOSED);
        accounts.add(ledger, ClientEnd.DRAINED, ServiceEnd.OUTLIVED, Way.DISTURBED);

        assertFound("untruthful", "the service did not close");
    }

    @Test
    @DisplayName("B1: an outcome without an explanation")
    void shouldReportARefusalThatNobodyMade()
    {
        message(1, RELEASED, Outcome.REFUSED, 0);
        accounts.add(ledger, ClientEnd.DRAINED, ServiceEnd.OUTLIVED, Way.LOCAL);

        assertFound("untruthful", "nothing explains");
    }

    @Test
    void shouldReportWhatIsSaidOfNoMessage()
    {
        accounts.addOther("a child ended by itself");

        assertFound("other", "ended by itself");
    }

    private void assertFound(final String number, final String words)
    {
        assertThat(accounts.isClean()).isFalse();
        assertThat(accounts.numbers()).containsEntry(number, 1L);
        assertThat(accounts.findings()).hasSize(1).first().asString().contains(words);
    }

    private void message(final int number, final int clientNote, final int outcome, final int serviceNote)
    {
        message(ledger, number, clientNote, outcome, serviceNote);
    }

    private static void message(
        final Ledger ledger, final int number, final int clientNote, final int outcome, final int serviceNote)
    {
        ledger.clientNote(number, clientNote);
        ledger.ended(number, outcome);
        ledger.addServiceNote(number, serviceNote);
    }

    private static Ledger ledger(final long session)
    {
        final Ledger ledger = new Ledger(session, new UnsafeBuffer(ByteBuffer.allocateDirect(Ledger.LENGTH)));
        ledger.open(GENERATION);
        return ledger;
    }
}
