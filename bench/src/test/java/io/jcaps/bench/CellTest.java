/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class CellTest
{
    private static final Cell CELL = Cell.roundTrip("jcaps", 32);

    @Test
    void shouldReadWhatItWrote()
    {
        final Cell cell = CELL.openLoop(1_000).payload(PayloadKind.FILLED).waiting(Waiting.BLOCK).clientCount(3)
            .times(1, 2).tuning(new Tuning(true, false, true));

        assertThat(Cell.fromJson(cell.toJson())).isEqualTo(cell);
        assertThat(cell.toJson()).doesNotContain("\n");
    }

    @Test
    void shouldSayWhatIsOutOfRange()
    {
        assertThatThrownBy(() -> Cell.roundTrip("jcaps", Cell.MAX_LENGTH + 1))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("1048576").hasMessageContaining("length=1048577");
        assertThatThrownBy(() -> Cell.roundTrip("jcaps", 7)).hasMessageContaining("length=7");
        assertThatThrownBy(() -> CELL.pipelined(0)).hasMessageContaining("window=0");
        assertThatThrownBy(() -> CELL.pipelined(Cell.MAX_WINDOW + 1)).hasMessageContaining("window=4097");
        assertThatThrownBy(() -> CELL.openLoop(0)).hasMessageContaining("ratePerSecond=0");
        assertThatThrownBy(() -> CELL.openLoop(-1)).hasMessageContaining("ratePerSecond=-1");
        assertThatThrownBy(() -> CELL.clientCount(0)).hasMessageContaining("clientCount=0");
        assertThatThrownBy(() -> CELL.times(-1, 1)).hasMessageContaining("warmUpNs=-1");
        assertThatThrownBy(() -> CELL.times(0, 0)).hasMessageContaining("measuredNs=0");
    }

    @Test
    void shouldTellRequestsFromReplies()
    {
        assertThat(CELL.reply().verify(CELL.request().source(1), 0, 32, 1)).isFalse();
        assertThat(CELL.request().verify(CELL.request().source(1), 0, 32, 1)).isTrue();
    }
}
