/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.Outcome;
import io.jcaps.layout.Geometry;
import io.jcaps.shm.Access;
import io.jcaps.sys.CapsCred;
import io.jcaps.sys.CapsMsgId;
import io.jcaps.sys.CapsSys;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import static io.jcaps.sys.CapsSys.CAPF_ANYCLIENT;
import static io.jcaps.sys.CapsSys.CAPF_GROUP;
import static io.jcaps.sys.CapsSys.CAPF_USER;
import static io.jcaps.sys.CapsSys.CAPF_WORLD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Processes of different users, in a region for all users. Only root can start them.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class UsersIT
{
    private static final String NAME = "users";
    private static final int OTHER_UID = 54_321;
    private static final int OTHER_GID = 54_322;
    private static final int MORE_GID = 54_323;

    @RegisterExtension
    private final TestRegion region =
        new TestRegion(new Geometry(8, 16, 8, 128, Geometry.MAX_MESSAGE_LIMIT), Access.WORLD);

    private Path classes;
    private CapsSys sys;
    private ChildJvm other;

    @BeforeEach
    void before() throws IOException
    {
        assumeTrue(0 == region.ownUid(), "only root can start a process of another user");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")), "setpriv is needed");
        sys = region.openSys();
        classes = Files.createTempDirectory("jcaps-classes-");
        Files.setPosixFilePermissions(classes, PosixFilePermissions.fromString("rwxr-xr-x"));
        final List<String> launcher = List.of("setpriv", "--reuid", Integer.toString(OTHER_UID),
            "--regid", Integer.toString(OTHER_GID), "--groups", Integer.toString(MORE_GID));
        other = region.closing(
            ChildJvm.start(launcher, ChildJvm.publicClassPath(classes), region.path(), "-Djava.io.tmpdir=/tmp"));
    }

    @AfterEach
    void after() throws IOException
    {
        if (null != classes)
        {
            try (Stream<Path> paths = Files.walk(classes))
            {
                for (final Path path : paths.sorted(Comparator.reverseOrder()).toList())
                {
                    Files.delete(path);
                }
            }
        }
    }

    @Test
    @DisplayName("F22, R22: the credentials of another user's process, as the operating system has them, on both sides")
    void shouldSeeCredentialsOfOtherUser()
    {
        final int svc = sys.service(NAME, 0, -1, 0, CAPF_WORLD);
        final long port = other.number("client", NAME, 0, -1, CAPF_WORLD);
        assertThat(port).isPositive();
        final long id = other.number("put", port, 8, 1);
        final CapsCred cred = new CapsCred();
        assertThat(sys.wait(svc, new UnsafeBuffer(new byte[8]), 8, null, cred)).isEqualTo(8);
        assertThat(cred.pid).isEqualTo((int)other.pid());
        assertThat(cred.uid).isEqualTo(OTHER_UID);
        assertThat(cred.euid).isEqualTo(OTHER_UID);
        assertThat(cred.gid).isEqualTo(OTHER_GID);
        assertThat(cred.ngroups).isEqualTo(1);
        assertThat(cred.groups[0]).isEqualTo(MORE_GID);
        assertThat(sys.reply(svc, null, 0, id)).isZero();
        // pid, uid, euid, gid and groups of this process, as the other one has them.
        assertThat(other.ask("wait", port)).startsWith(CapsSys.CAPMS_REPLY + " " + id + " 0 REPLIED - " +
            ProcessHandle.current().pid() + " 0 0 0 ");
    }

    @Test
    @DisplayName("F22, R3: a process without root registers under its own uid and groups, or -1: else EPERM")
    void shouldLetUsersRegisterForThemselves()
    {
        assertThat(other.number("service", NAME, 0, -1, CAPF_WORLD)).isEqualTo(-CapsSys.EPERM);
        assertThat(other.number("service", NAME, OTHER_UID + 1, -1, CAPF_WORLD)).isEqualTo(-CapsSys.EPERM);
        assertThat(other.number("service", NAME, -1, 0, CAPF_WORLD)).isEqualTo(-CapsSys.EPERM);
        assertThat(other.number("service", NAME, OTHER_UID, 0, CAPF_WORLD)).isEqualTo(-CapsSys.EPERM);
        assertThat(other.number("service", NAME, 0, OTHER_GID, CAPF_WORLD)).isEqualTo(-CapsSys.EPERM);
        assertThat(other.number("service", NAME, OTHER_UID, -1, CAPF_WORLD)).isPositive();
        assertThat(other.number("service", NAME, -1, OTHER_GID, CAPF_WORLD)).isPositive();
        assertThat(other.number("service", NAME, -1, MORE_GID, CAPF_WORLD)).isPositive();
        assertThat(other.number("service", NAME, OTHER_UID, MORE_GID, CAPF_WORLD)).isPositive();
    }

    @Test
    @DisplayName("F22, R6: USER, GROUP and WORLD between users, each way")
    void shouldCheckPermissionBetweenUsers()
    {
        // A service of root's, for root, for the other user, for its groups, for all.
        assertThat(connect(0, -1, CAPF_USER, CAPF_ANYCLIENT)).isEqualTo(-CapsSys.EACCES);
        assertThat(connect(0, -1, CAPF_WORLD, CAPF_USER | CAPF_GROUP)).isEqualTo(-CapsSys.EACCES);
        assertThat(connect(0, -1, CAPF_WORLD, CAPF_WORLD)).isPositive();
        assertThat(connect(0, 0, CAPF_GROUP, CAPF_GROUP)).isEqualTo(-CapsSys.EACCES);
        assertThat(connect(0, OTHER_GID, CAPF_GROUP, CAPF_GROUP)).isPositive();
        assertThat(connect(0, MORE_GID, CAPF_GROUP, CAPF_GROUP)).isPositive();
        assertThat(connect(0, MORE_GID, CAPF_USER, CAPF_ANYCLIENT)).isEqualTo(-CapsSys.EACCES);
        assertThat(connect(OTHER_UID, -1, CAPF_USER, CAPF_USER)).isPositive();
        assertThat(connect(OTHER_UID, -1, 0, CAPF_ANYCLIENT)).isEqualTo(-CapsSys.EACCES);

        // One of the other user's: root has no more rights than anybody else.
        final long svc = other.number("service", NAME, OTHER_UID, -1, CAPF_USER);
        assertThat(svc).isPositive();
        assertThat(sys.client(NAME, OTHER_UID, -1, 0, CAPF_ANYCLIENT)).isEqualTo(-1);
        assertThat(sys.errno()).isEqualTo(CapsSys.EACCES);
    }

    private long connect(final int uid, final int gid, final int serviceFlags, final int clientFlags)
    {
        final int svc = sys.service(NAME, uid, gid, 0, serviceFlags);
        assertThat(svc).isPositive();
        final long result = other.number("client", NAME, uid, gid, clientFlags);
        if (result > 0)
        {
            // The service has looked for itself, and takes what this client puts.
            final long id = other.number("put", result, 1, 1);
            assertThat(id).isPositive();
            final CapsMsgId msgid = new CapsMsgId();
            assertThat(sys.wait(svc, new UnsafeBuffer(new byte[1]), 1, msgid, null)).isEqualTo(1);
            assertThat(msgid.id).isEqualTo(id);
            assertThat(other.number("close", result)).isZero();
        }
        assertThat(sys.close(svc)).isZero();
        return result;
    }

    @Test
    @DisplayName("R25: a killed process of another user: its death is reported and its entries are freed")
    void shouldTellOfDeathOfOtherUser()
    {
        final long svc = other.number("service", NAME, OTHER_UID, -1, CAPF_WORLD);
        final int port = sys.client(NAME, OTHER_UID, -1, 0, CAPF_WORLD);
        final long id = sys.put(port, null, 0);
        assertThat(other.ask("wait", svc)).startsWith(CapsSys.CAPMS_REQUEST + " " + id + " 0 REPLIED - " +
            ProcessHandle.current().pid() + " 0 0 0 ");
        other.kill();
        final CapsMsgId msgid = new CapsMsgId();
        assertThat(sys.wait(port, null, 0, msgid, null)).isZero();
        assertThat(Outcome.text(msgid.outcome)).isEqualTo("SERVICE_DIED|RECEIVED");
    }
}
