/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import io.jcaps.Attachment;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.PortCounter;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.layout.PortDescriptor;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.ProcessDescriptor;
import io.jcaps.layout.ProcessEntry;
import io.jcaps.shm.Access;
import io.jcaps.sys.CapsSys;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.ObjIntConsumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Processes of three users, one of which writes what is not true into entries of the region. Only root can start them.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ForgedEntryIT
{
    private static final String NAME = "forged";
    private static final int HONEST_UID = 54_321;
    private static final int FORGER_UID = 54_331;

    @RegisterExtension
    private final TestRegion region = new TestRegion(TestRegion.SMALL, Access.WORLD);

    private final Message request = new Message();
    private Path classes;
    private String classPath;

    @BeforeEach
    void before() throws IOException
    {
        assumeTrue(0 == region.ownUid(), "only root can start a process of another user");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")), "setpriv is needed");
        classes = Files.createTempDirectory("jcaps-classes-");
        Files.setPosixFilePermissions(classes, PosixFilePermissions.fromString("rwxr-xr-x"));
        classPath = ChildJvm.publicClassPath(classes);
    }

    @AfterEach
    void after()
    {
        if (null != classes)
        {
            IoUtil.delete(classes.toFile(), true);
        }
    }

    private ChildJvm child(final int uid)
    {
        final String id = Integer.toString(uid);
        return region.closing(ChildJvm.start(List.of("setpriv", "--reuid", id, "--regid", id, "--clear-groups"),
            classPath, region.path(), "-Djava.io.tmpdir=/tmp"));
    }

    /** Changes entries of a user's process and of its ports, as any process that maps the region can. */
    private void forge(
        final int uid, final ObjIntConsumer<UnsafeBuffer> process, final ObjIntConsumer<UnsafeBuffer> port)
        throws IOException
    {
        try (FileChannel file = FileChannel.open(region.path(), StandardOpenOption.READ, StandardOpenOption.WRITE))
        {
            final UnsafeBuffer tables = new UnsafeBuffer(file.map(
                FileChannel.MapMode.READ_WRITE, 0, TestRegion.SMALL.tablesLength()));
            final ProcessEntry entry = new ProcessEntry(tables, TestRegion.SMALL);
            final PortEntry portEntry = new PortEntry(tables, TestRegion.SMALL);
            int changed = 0;
            for (int i = 0; i < TestRegion.SMALL.processCount(); i++)
            {
                if (0 != entry.wrap(i).incarnation() && uid == entry.euid())
                {
                    for (int j = 0; j < TestRegion.SMALL.portCount(); j++)
                    {
                        if (0 != portEntry.wrap(j).incarnation() && i == portEntry.processIndex())
                        {
                            port.accept(tables, TestRegion.SMALL.portOffset(j));
                        }
                    }
                    process.accept(tables, TestRegion.SMALL.processOffset(i));
                    changed++;
                }
            }
            assertThat(changed).as("processes of uid " + uid).isEqualTo(1);
        }
    }

    private static void becomeRoot(final UnsafeBuffer tables, final int process)
    {
        tables.putInt(process + ProcessDescriptor.UID_OFFSET, 0);
        tables.putInt(process + ProcessDescriptor.EUID_OFFSET, 0);
    }

    private static void becomeAnother(final UnsafeBuffer tables, final int process)
    {
        tables.putInt(process + ProcessDescriptor.PID_OFFSET, 1);
    }

    private static void leave(final UnsafeBuffer tables, final int entry)
    {
        // As it is.
    }

    @Test
    @DisplayName("F28, R22, R6: a client whose entry claims root has the identity that the kernel reports")
    void shouldNotAdmitForWhatEntrySays() throws IOException
    {
        final Attachment process = region.closing(region.attach());
        final ServicePort forAll = process.service("all", new PortOptions().flags(PortFlags.ANYCLIENT).uid(0));
        final ServicePort forRoot = process.service("root", new PortOptions().flags(PortFlags.USER).uid(0));
        final ChildJvm forger = child(FORGER_UID);
        assertThat(forger.ask("mode")).isNotEmpty();
        forge(FORGER_UID, ForgedEntryIT::becomeRoot, ForgedEntryIT::leave);

        final long port = forger.number("client", "all", 0, -1, CapsSys.CAPF_WORLD);
        final long id = forger.number("put", port, 8, 1);
        assertThat(forAll.await(request, Long.MAX_VALUE)).isEqualTo(MessageState.REQUEST);
        assertThat(request.id()).isEqualTo(id);
        assertThat(request.credentials().uid()).isEqualTo(FORGER_UID);
        assertThat(request.credentials().euid()).isEqualTo(FORGER_UID);
        request.release();
        assertThat(forger.number("client", "root", 0, -1, CapsSys.CAPF_USER)).isEqualTo(-CapsSys.EACCES);
        assertThat(forRoot.clientCount()).isZero();
    }

    @Test
    @DisplayName("F28, R22: the client whose lock another process holds is refused and counted, the honest one served")
    void shouldServeOnlyWhoIsWhoItSays() throws IOException
    {
        final Attachment process = region.closing(region.attach());
        final ServicePort service =
            process.service(NAME, new PortOptions().flags(PortFlags.ANYCLIENT).uid(0));
        final ChildJvm honest = child(HONEST_UID);
        final ChildJvm forger = child(FORGER_UID);
        assertThat(forger.ask("mode")).isNotEmpty();
        forge(FORGER_UID, ForgedEntryIT::becomeAnother, ForgedEntryIT::leave);

        final long forgedPort = forger.number("client", NAME, 0, -1, CapsSys.CAPF_WORLD);
        final long forgedId = forger.number("put", forgedPort, 8, 1);
        final long honestPort = honest.number("client", NAME, 0, -1, CapsSys.CAPF_WORLD);
        final long honestId = honest.number("put", honestPort, 8, 1);

        assertThat(service.await(request, Long.MAX_VALUE)).isEqualTo(MessageState.REQUEST);
        assertThat(request.id()).isEqualTo(honestId);
        assertThat(request.credentials().uid()).isEqualTo(HONEST_UID);
        assertThat(request.credentials().pid()).isEqualTo((int)honest.pid());
        request.reply(new UnsafeBuffer(new byte[8]), 0, 8);
        assertThat(honest.ask("wait", honestPort)).startsWith(CapsSys.CAPMS_REPLY + " " + honestId);
        // Refused when the service accepts. Its watch may do so before the put, which then fails; else the message
        // returns.
        if (-CapsSys.EACCES != forgedId)
        {
            assertThat(forger.ask("wait", forgedPort))
                .startsWith(CapsSys.CAPMS_REPLY + " " + forgedId + " 0 REFUSED ");
        }
        assertThat(forger.number("put", forgedPort, 8, 2)).isEqualTo(-CapsSys.EACCES);
        assertThat(service.counter(PortCounter.FORGED)).isEqualTo(1);
        assertThat(service.counter(PortCounter.REFUSED)).isZero();
        assertThat(service.clientCount()).isEqualTo(1);
        assertThat(service.get(request)).isIn(MessageState.DISPOSE, Status.WOULD_BLOCK);
    }

    @Test
    @DisplayName("F28, R22: a service whose entries say that it is root's gets no clients that look for root's")
    void shouldNotConnectToWhoIsNotWhoItSays() throws IOException
    {
        final ChildJvm forger = child(FORGER_UID);
        assertThat(forger.number("service", NAME, FORGER_UID, -1, CapsSys.CAPF_WORLD)).isPositive();
        forge(FORGER_UID, ForgedEntryIT::becomeRoot,
            (tables, port) -> tables.putInt(port + PortDescriptor.UID_OFFSET, 0));
        final ChildJvm honest = child(HONEST_UID);
        assertThat(honest.number("client", NAME, 0, -1, CapsSys.CAPF_WORLD)).isEqualTo(-CapsSys.EACCES);
        final CapsSys sys = region.openSys();
        assertThat(sys.client(NAME, 0, -1, 0, CapsSys.CAPF_WORLD)).isEqualTo(-1);
        assertThat(sys.errno()).isEqualTo(CapsSys.EACCES);
    }
}
