/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.child;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class LineTest
{
    @Test
    void shouldReadWhatItWrote()
    {
        final Line line = Line.parse(
            new Line("failed").with("what", "a=b & \"c\"\n\u00e4").with("count", -7).toString());

        assertThat(line.word()).isEqualTo("failed");
        assertThat(line.text("what")).isEqualTo("a=b & \"c\"\n\u00e4");
        assertThat(line.number("count")).isEqualTo(-7);
    }

    @Test
    void shouldNotTakeOtherOutputForALine()
    {
        assertThat(Line.parse("OpenJDK 64-Bit Server VM warning: something")).isNull();
    }

    @Test
    void shouldSayWhichValueIsMissing()
    {
        assertThatThrownBy(() -> new Line("done").number("sent"))
            .isInstanceOf(IllegalStateException.class).hasMessageContaining("sent");
    }
}
