/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.host;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The text of credentials.
 */
class CredentialsTest
{
    @Test
    @DisplayName("R22: ids above 2^31 are printed as the operating system prints them, and -1 means none")
    void shouldPrintIdsWithoutSign()
    {
        final int uid = Integer.parseUnsignedInt("3000000000");
        final int gid = Integer.parseUnsignedInt("4294967294");
        assertThat(new Credentials(7, uid, uid, gid, gid, new int[]{uid, 5})).hasToString(
            "Credentials{pid=7, uid=3000000000, euid=3000000000, gid=4294967294, egid=4294967294, " +
                "groups=[3000000000, 5]}");
        assertThat(Credentials.UNKNOWN).hasToString("Credentials{pid=0, uid=-1, euid=-1, gid=-1, egid=-1, groups=[]}");
        assertThat(new Credentials(1, 0, 0, 0, 0, new int[0]).toString()).contains("uid=0, euid=0");
    }
}
