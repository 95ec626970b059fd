/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.PortFlags;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.layout.Geometry;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import io.jcaps.shm.RegionFixture;
import io.jcaps.shm.ShmHost;
import io.jcaps.shm.Smaps;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

@Timeout(value = 10, unit = TimeUnit.MINUTES)
class HugePagesTest
{
    private static final Path HUGE_LENGTH = Path.of("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");
    private static final String WANTED = "huge pages where the kernel gives them";
    private static final int CELL_LENGTH = Geometry.MAX_MESSAGE_LIMIT;
    /** Links of 16 MiB each way. */
    private static final Geometry LARGE = new Geometry(4, 4, 2, 128, CELL_LENGTH);

    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();

    @Test
    void shouldSayWhyThereAreNone()
    {
        assertThat(HugePages.open(false, "Linux", "amd64").mode()).contains("ordinary", "not wanted");
        assertThat(HugePages.open(true, "Mac OS X", "aarch64").mode()).contains("ordinary", "on Mac OS X");
        assertThat(HugePages.open(true, "Linux", "s390x").mode()).contains("ordinary", "s390x");
    }

    @Test
    void shouldSayWhetherTheyAreAskedFor()
    {
        assertThat(fixture.open().pageMode()).contains("ordinary", "not wanted");
        assumeAdvice();
        assertThat(fixture.open(fixture.config().hugePages(true)).pageMode()).isEqualTo(WANTED);
    }

    @Test
    @DisplayName("F37: a tmpfs with huge=advise maps a link by huge pages if that is asked for")
    void shouldMapByHugePages() throws Exception
    {
        assertThat(mappedByHugePages("huge=advise,size=64m", true)).isPositive();
    }

    @Test
    @DisplayName("F37: a tmpfs with huge=advise maps a link by small pages if huge ones are not asked for")
    void shouldNotMapByHugePagesUnlessAsked() throws Exception
    {
        assertThat(mappedByHugePages("huge=advise,size=64m", false)).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"huge=never", "huge=within_size", "huge=always"})
    @DisplayName("F37: on each file system, a request for huge pages changes only the pages")
    void shouldWorkOnAnyTmpfs(final String option) throws Exception
    {
        final long mapped = mappedByHugePages(option + ",size=64m", true);
        assertThat(mapped).isBetween(0L, "huge=never".equals(option) ? 0L : Long.MAX_VALUE);
    }

    @Test
    @DisplayName("F12, F37: a tmpfs that has no room for a huge page gives small ones, and is full cleanly")
    void shouldTakeWhatIsLeft() throws Exception
    {
        assumeAdvice();
        final Path mountPoint = fixture.mountTmpfs("huge=advise,size=4m");
        final Path filler = mountPoint.resolve("filler");
        Files.write(filler, new byte[3 << 20]);
        final ShmHost host = open(mountPoint, true);
        final int cellsOffset = LARGE.requestCellOffset(20);
        host.link(0).getByte(0);

        int backed = 0;
        while (host.back(0, cellsOffset + backed, 4096))
        {
            host.link(0).putLong(cellsOffset + backed, backed);
            backed += 4096;
        }
        assertThat(backed).isBetween(4096, 1 << 20);
        assertThat(host.back(1, cellsOffset, CELL_LENGTH)).isFalse();
        assertThat(host.link(0).getLong(cellsOffset + backed - 4096)).isEqualTo(backed - 4096);

        Files.delete(filler);
        assertThat(host.back(0, cellsOffset + backed, 4096)).isTrue();
        host.link(0).putLong(cellsOffset + backed, 42);
    }

    @ParameterizedTest
    @ValueSource(strings = {"huge=never", "huge=advise", "huge=within_size", "huge=always"})
    @DisplayName("F37: messages of all lengths arrive whole, whichever pages hold them")
    void shouldExchangeMessagesOnAnyTmpfs(final String option) throws Exception
    {
        final Path mountPoint = fixture.mountTmpfs(option + ",size=96m");
        final RegionConfig config =
            fixture.config().path(mountPoint.resolve("region")).geometry(LARGE).hugePages(true);
        final PortOptions options = new PortOptions().flags(PortFlags.USER);
        final UnsafeBuffer bytes = new UnsafeBuffer(new byte[CELL_LENGTH]);
        final Message request = new Message();
        final Message reply = new Message();
        final long seed = Long.getLong("caps.test.seed", System.nanoTime());
        final Random random = new Random(seed);
        try (Attachment attachment = Caps.attach(config);
            ServicePort service = attachment.service("huge", options);
            ClientPort client = attachment.client("huge", options))
        {
            final int[] lengths = new int[LARGE.slotCount()];
            for (int round = 0; round < 8; round++)
            {
                for (int i = 0; i < lengths.length; i++)
                {
                    // Most are short, so that all rounds stay within the file system.
                    lengths[i] = random.nextInt(i < 8 ? CELL_LENGTH + 1 : 4_000);
                    bytes.setMemory(0, lengths[i], (byte)(round + i));
                    assertThat(client.put(bytes, 0, lengths[i])).as("seed %d", seed).isPositive();
                }
                for (int i = 0; i < lengths.length; i++)
                {
                    int state = service.get(request);
                    while (MessageState.DISPOSE == state)
                    {
                        state = service.get(request);
                    }
                    assertThat(state).isEqualTo(MessageState.REQUEST);
                    assertThat(request.length()).isEqualTo(lengths[i]);
                    assertFilled(request, (byte)(round + i), seed);
                    bytes.setMemory(0, lengths[i], (byte)(round - i));
                    assertThat(request.reply(bytes, 0, lengths[i])).isEqualTo(Status.OK);
                }
                for (int i = 0; i < lengths.length; i++)
                {
                    assertThat(client.get(reply)).isEqualTo(MessageState.REPLY);
                    assertThat(reply.outcome()).isEqualTo(Outcome.REPLIED);
                    assertThat(reply.length()).isEqualTo(lengths[i]);
                    assertFilled(reply, (byte)(round - i), seed);
                    reply.release();
                }
            }
        }
    }

    private static void assertFilled(final Message message, final byte value, final long seed)
    {
        for (int i = 0; i < message.length(); i++)
        {
            if (value != message.buffer().getByte(i))
            {
                throw new AssertionError("byte " + i + " of " + message.length() + ", seed " + seed);
            }
        }
    }

    /** Bytes of a link that are mapped by huge pages when some of its cells are in use. */
    private long mappedByHugePages(final String options, final boolean isWanted) throws Exception
    {
        assumeAdvice();
        final Path mountPoint = fixture.mountTmpfs(options);
        final ShmHost host = open(mountPoint, isWanted);
        assertThat(host.link(1).getByte(0)).isZero();
        // Of 96 cells on end, 12 MiB, at least five huge pages are whole.
        for (int slot = 0; slot < 96; slot++)
        {
            final int offset = LARGE.requestCellOffset(slot);
            assertThat(host.back(1, offset, CELL_LENGTH)).isTrue();
            assertThat(host.link(1).getByte(offset + CELL_LENGTH - 1)).isZero();
            host.link(1).setMemory(offset, CELL_LENGTH, (byte)slot);
        }
        for (int slot = 0; slot < 96; slot++)
        {
            final int offset = LARGE.requestCellOffset(slot);
            assertThat(host.link(1).getByte(offset)).isEqualTo((byte)slot);
            assertThat(host.link(1).getByte(offset + CELL_LENGTH - 1)).isEqualTo((byte)slot);
            // Memory that was used before is zero when it is allocated again, whichever pages map it.
            assertThat(host.back(1, offset, CELL_LENGTH)).isTrue();
            assertThat(host.link(1).getByte(offset)).isZero();
            assertThat(host.link(1).getByte(offset + CELL_LENGTH - 1)).isZero();
        }
        return Smaps.bytes(mountPoint.resolve("region"), "ShmemPmdMapped");
    }

    private ShmHost open(final Path mountPoint, final boolean isWanted)
    {
        return fixture.open(
            fixture.config().path(mountPoint.resolve("region")).geometry(LARGE).hugePages(isWanted));
    }

    private static void assumeAdvice()
    {
        final String mode =
            HugePages.open(true, System.getProperty("os.name"), System.getProperty("os.arch")).mode();
        assumeTrue(WANTED.equals(mode), mode);
        assumeTrue(Files.exists(HUGE_LENGTH), "this kernel has no transparent huge pages");
    }
}
