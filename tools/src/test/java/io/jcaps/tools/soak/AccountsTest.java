/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.soak;

import io.jcaps.Outcome;
import io.jcaps.tools.soak.Accounts.ClientEnd;
import io.jcaps.tools.soak.Accounts.ServiceEnd;
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
    @DisplayName("B1: each kind of outcome, told truly, is clean and counted")
    void shouldAcceptWhatIsTrue()
    {
        message(0, RELEASED, Outcome.REPLIED, ANSWERED | Ledger.DISPOSED);
        message(1, RELEASED | Ledger.ABORTING, Outcome.ABORTED, 0);
        message(2, RELEASED | Ledger.CALLED, Outcome.ABORTED | Outcome.RECEIVED, ANSWERED | Ledger.DISPOSED);
        accounts.add(ledger, ClientEnd.DRAINED, ServiceEnd.OUTLIVED);

        final Ledger ofClosed = ledger(2);
        message(ofClosed, 0, RELEASED, Outcome.SERVICE_CLOSED, 0);
        message(ofClosed, 1, RELEASED, Outcome.SERVICE_CLOSED | Outcome.RECEIVED, Ledger.SEEN);
        ofClosed.gone();
        accounts.add(ofClosed, ClientEnd.DRAINED, ServiceEnd.CLOSED);

        final Ledger ofKilled = ledger(3);
        message(ofKilled, 0, RELEASED, Outcome.SERVICE_DIED, 0);
        message(ofKilled, 1, RELEASED, Outcome.SERVICE_DIED | Outcome.RECEIVED, Ledger.SEEN | Ledger.REPLYING);
        message(ofKilled, 2, RELEASED, Outcome.REPLIED, Ledger.SEEN | Ledger.REPLYING);
        ofKilled.gone();
        accounts.add(ofKilled, ClientEnd.DRAINED, ServiceEnd.KILLED);

        final Ledger ofKilledClient = ledger(4);
        ofKilledClient.clientNote(0, PUT);
        ofKilledClient.clientNote(1, Ledger.PUTTING);
        ofKilledClient.addServiceNote(1, ANSWERED | Ledger.DISPOSED | Ledger.DISPOSED_EARLY);
        accounts.add(ofKilledClient, ClientEnd.KILLED, ServiceEnd.OUTLIVED);

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
        accounts.add(ledger, end, ServiceEnd.OUTLIVED);

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
        accounts.add(ledger, ClientEnd.DRAINED, end);

        assertFound("lost", "R23");
    }

    @ParameterizedTest
    @EnumSource(value = ServiceEnd.class, names = {"OUTLIVED", "OVERDUE"})
    @DisplayName("R21, R24: what a living service received and never had disposed of is a lost disposal")
    void shouldReportALostDisposal(final ServiceEnd end)
    {
        message(1, RELEASED, Outcome.REPLIED, ANSWERED);
        accounts.add(ledger, ClientEnd.DRAINED, end);

        assertFound("lostDisposals", "R24");
    }

    @ParameterizedTest
    @EnumSource(Ledger.Fault.class)
    @DisplayName("B1, R19, R20: what either end counted as doubled, torn, disordered or strange is reported")
    void shouldReportFaultsOfBothEnds(final Ledger.Fault fault)
    {
        ledger.addClientFault(fault);
        ledger.addServiceFault(fault);
        ledger.addServiceFault(fault);
        accounts.add(ledger, ClientEnd.KILLED, ServiceEnd.KILLED);

        assertThat(accounts.isClean()).isFalse();
        for (final Ledger.Fault each : Ledger.Fault.values())
        {
            assertThat(accounts.numbers().get(each.name().toLowerCase(Locale.ROOT)))
                .isEqualTo(each == fault ? 3 : 0);
        }
    }

    @Test
    @DisplayName("F5, B1: not received, the client was told, but the service had it")
    void shouldReportAReceptionThatWasDenied()
    {
        message(1, RELEASED, Outcome.SERVICE_DIED, Ledger.SEEN);
        accounts.add(ledger, ClientEnd.DRAINED, ServiceEnd.KILLED);

        assertFound("untruthful", "told that it was not received");
    }

    @Test
    @DisplayName("F5, B1: a killed service may miss the note of one message, not of two")
    void shouldReportASecondReceptionThatWasMadeUp()
    {
        message(1, RELEASED, Outcome.SERVICE_DIED | Outcome.RECEIVED, 0);
        accounts.add(ledger, ClientEnd.DRAINED, ServiceEnd.KILLED);
        assertThat(accounts.isClean()).isTrue();

        final Ledger other = ledger(2);
        message(other, 1, RELEASED, Outcome.SERVICE_DIED | Outcome.RECEIVED, 0);
        accounts.add(other, ClientEnd.DRAINED, ServiceEnd.KILLED);
        assertFound("untruthful", "connection 2, message 1");
    }

    @Test
    @DisplayName("R23, B1: a service that closed has noted all that it received")
    void shouldReportAReceptionBeforeACloseThatWasMadeUp()
    {
        message(1, RELEASED, Outcome.SERVICE_CLOSED | Outcome.RECEIVED, 0);
        accounts.add(ledger, ClientEnd.DRAINED, ServiceEnd.CLOSED);

        assertFound("untruthful", "before it closed");
    }

    @ParameterizedTest
    @EnumSource(value = ServiceEnd.class, names = {"OUTLIVED", "OVERDUE", "CLOSED"})
    @DisplayName("F8, B2: SERVICE_DIED of a service that did not die")
    void shouldReportADeathThatWasNone(final ServiceEnd end)
    {
        message(1, RELEASED, Outcome.SERVICE_DIED, 0);
        accounts.add(ledger, ClientEnd.DRAINED, end);

        assertFound("untruthful", "B2");
    }

    @ParameterizedTest
    @EnumSource(value = ServiceEnd.class, names = {"OUTLIVED", "OVERDUE", "KILLED"})
    @DisplayName("R23: SERVICE_CLOSED of a service that did not close")
    void shouldReportACloseThatWasNone(final ServiceEnd end)
    {
        message(1, RELEASED, Outcome.SERVICE_CLOSED, 0);
        accounts.add(ledger, ClientEnd.DRAINED, end);

        assertFound("untruthful", "the service closed");
    }

    @Test
    @DisplayName("F8, B2: a service that lives is not gone")
    void shouldReportAServiceThatWasGoneAndLives()
    {
        ledger.gone();
        accounts.add(ledger, ClientEnd.DRAINED, ServiceEnd.OUTLIVED);

        assertFound("untruthful", "it lives");
    }

    @Test
    void shouldReportAReplyThatNobodyMade()
    {
        message(1, RELEASED, Outcome.REPLIED, Ledger.SEEN | Ledger.DISPOSED);
        message(2, RELEASED, Outcome.REPLIED, Ledger.SEEN | Ledger.REPLYING | Ledger.REFUSED | Ledger.DISPOSED);
        accounts.add(ledger, ClientEnd.DRAINED, ServiceEnd.OUTLIVED);

        assertThat(accounts.numbers()).containsEntry("untruthful", 2L);
    }

    @Test
    void shouldReportAnAbortThatNobodyAskedFor()
    {
        message(1, RELEASED, Outcome.ABORTED, 0);
        accounts.add(ledger, ClientEnd.DRAINED, ServiceEnd.OUTLIVED);

        assertFound("untruthful", "aborted");
    }

    @Test
    void shouldReportAReceptionOfWhatWasNotAccepted()
    {
        ledger.addServiceNote(1, Ledger.SEEN | Ledger.DISPOSED);
        accounts.add(ledger, ClientEnd.DRAINED, ServiceEnd.OUTLIVED);

        assertFound("untruthful", "not accepted");
    }

    @Test
    @DisplayName("R21: a disposal while the client held the reply")
    void shouldReportAnEarlyDisposal()
    {
        message(1, RELEASED, Outcome.REPLIED, ANSWERED | Ledger.DISPOSED | Ledger.DISPOSED_EARLY);
        accounts.add(ledger, ClientEnd.DRAINED, ServiceEnd.OUTLIVED);

        assertFound("untruthful", "R21");
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
