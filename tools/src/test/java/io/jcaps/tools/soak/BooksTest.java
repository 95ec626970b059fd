/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.soak;

import io.jcaps.Outcome;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The order in which the ends of a connection, and what the books hear of them, can come.
 */
class BooksTest
{
    private static final int SERVICE_LIFE = 7;
    private static final long SESSION = 1;

    @TempDir
    Path directory;

    private final Accounts accounts = new Accounts();
    private Books books;
    private Ledger ledger;

    @BeforeEach
    void before()
    {
        books = new Books(directory, accounts, (openedNs) -> Accounts.Way.LOCAL);
        ledger = Ledger.create(directory, SESSION);
        ledger.open(PortNote.generation(SERVICE_LIFE, 1));
    }

    @AfterEach
    void after()
    {
        books.close();
    }

    @Test
    @DisplayName("B2: a client that learns of its service's death before the books do is right")
    void shouldAwaitTheEndThatAClientWasToldOf() throws IOException
    {
        ledger.gone();
        ledger.state(Ledger.DRAINED);

        books.look(Set.of());
        assertThat(books.openCount()).isEqualTo(1);

        books.lifeEnded(SERVICE_LIFE);
        books.look(Set.of());

        assertThat(books.openCount()).isZero();
        assertThat(accounts.findings()).isEmpty();
    }

    @Test
    @DisplayName("B1: so was one that learnt it from an outcome, and then abandoned the connection")
    void shouldAwaitTheEndThatAnOutcomeTells() throws IOException
    {
        ledger.clientNote(0, Ledger.PUTTING | Ledger.ACCEPTED);
        ledger.ended(0, Outcome.SERVICE_DIED);
        ledger.done();
        ledger.state(Ledger.ABANDONED);

        books.look(Set.of());
        assertThat(books.openCount()).isEqualTo(1);

        books.lifeEnded(SERVICE_LIFE);
        books.look(Set.of());

        assertThat(books.openCount()).isZero();
        assertThat(accounts.findings()).isEmpty();
    }

    @Test
    @DisplayName("A connection that its client closed, and that its service has done with, is over at once")
    void shouldEndWhatBothEndsHaveDoneWith() throws IOException
    {
        ledger.done();
        ledger.state(Ledger.DRAINED);

        books.look(Set.of());

        assertThat(books.openCount()).isZero();
        assertThat(accounts.isClean()).isTrue();
    }
}
