/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.layout.RegionException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

class AgronaVersionTest
{
    /** A buffer of Agrona before it had opaque, acquire and release. */
    interface OldBuffer
    {
        long getLongVolatile(int index);
    }

    @Test
    @DisplayName("F50: an older Agrona is refused with one sentence that names the version and where it was found")
    void shouldNameOldAgrona()
    {
        AgronaVersion.check();
        assertThatThrownBy(() -> AgronaVersion.check(OldBuffer.class)).isInstanceOf(RegionException.class)
            .hasMessageContaining("too old").hasMessageContaining("test-classes")
            .hasMessageContaining("getLongOpaque").hasMessageContaining("2.6.0");
    }
}
