/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.sys;

import io.jcaps.processes.Tables;
import io.jcaps.processes.TestRegion;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static io.jcaps.sys.CapsSys.*;
import static io.jcaps.sys.SysPair.MAX_IN_PROGRESS;
import static io.jcaps.sys.SysPair.MAX_SIZE;
import static io.jcaps.sys.SysPair.assertFails;
import static io.jcaps.sys.SysPair.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Messages that are written where they are read (R13).
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CapsSysAllocTest
{
    @RegisterExtension
    private final TestRegion region = new TestRegion();

    private SysPair pair;
    private CapsSys server;
    private CapsSys client;
    private int svc;
    private int port;

    @BeforeEach
    void before()
    {
        pair = new SysPair(region);
        server = pair.server;
        client = pair.client;
        svc = pair.svc;
        port = pair.port;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 31, 32, 33, 4_096, MAX_SIZE})
    @DisplayName("R13, B6: allocated memory is as long as was asked for, is put, and received")
    void shouldPutAllocated(final int size)
    {
        for (int i = 0; i < 3; i++)
        {
            final MutableDirectBuffer memory = client.alloc(port, 0, size);
            assertThat(memory.capacity()).isEqualTo(size);
            final UnsafeBuffer content = SysPair.pattern(size, i);
            memory.putBytes(0, content, 0, size);
            final long id = client.put(port, memory, size);
            assertThat(id).isPositive();
            final UnsafeBuffer received = new UnsafeBuffer(new byte[size]);
            assertThat(server.get(svc, received, size, pair.msgid, null)).isEqualTo(size);
            assertThat(pair.msgid.id).isEqualTo(id);
            assertThat(received).isEqualTo(content);

            final MutableDirectBuffer reply = server.alloc(svc, id, size);
            assertThat(reply.capacity()).isEqualTo(size);
            final UnsafeBuffer answer = SysPair.pattern(size, i + 10);
            reply.putBytes(0, answer, 0, size);
            assertThat(server.reply(svc, reply, size, id)).isZero();
            assertThat(client.get(port, received, size, pair.msgid, null)).isEqualTo(size);
            assertThat(received).isEqualTo(answer);
            pair.takeDisposal(id);
        }
    }

    @Test
    @DisplayName("R13, R14: allocated memory can be released unsent, once, at either side")
    void shouldFreeAllocated()
    {
        for (int i = 0; i < 3 * 128; i++)
        {
            final MutableDirectBuffer memory = client.alloc(port, 0, 64);
            assertThat(memory).as("buffer " + i).isNotNull();
            assertThat(client.free(port, memory)).isZero();
            assertThat(memory.capacity()).isZero();
            assertFails(client, CapsSys.EINVAL, client.free(port, memory));
        }
        assertFails(client, CapsSys.EINVAL, client.free(port, null));
        assertFails(client, CapsSys.EINVAL, client.free(port, pair.buffer));
        final long id = pair.put("x");
        pair.receive("x");
        assertThat(server.free(svc, server.alloc(svc, id, 64))).isZero();
        assertThat(server.reply(svc, pair.buffer, 0, id)).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 4_096})
    @DisplayName("R13: no copy: the receiver reads the very bytes that the sender wrote")
    void shouldNotCopyRequest(final int size)
    {
        final MutableDirectBuffer memory = client.alloc(port, 0, size);
        memory.setMemory(0, size, (byte)'a');
        final UnsafeBuffer same = new UnsafeBuffer(memory, 0, size);
        final long id = client.put(port, memory, size);
        assertThat(server.get(svc, pair.buffer, size - 1, pair.msgid, null)).isEqualTo(size);
        // What the rule forbids shows where the bytes are.
        same.putByte(size - 1, (byte)'z');
        assertThat(server.get(svc, pair.buffer, size, pair.msgid, null)).isEqualTo(size);
        assertThat(pair.msgid.id).isEqualTo(id);
        assertThat(pair.text(size)).isEqualTo("a".repeat(size - 1) + "z");
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 4_096})
    @DisplayName("R13, R20: no copy of a reply either")
    void shouldNotCopyReply(final int size)
    {
        final long id = pair.put("x");
        pair.receive("x");
        final MutableDirectBuffer memory = server.alloc(svc, id, size);
        memory.setMemory(0, size, (byte)'a');
        final UnsafeBuffer same = new UnsafeBuffer(memory, 0, size);
        assertThat(server.reply(svc, memory, size, id)).isZero();
        assertThat(client.get(port, pair.buffer, size - 1, pair.msgid, null)).isEqualTo(size);
        same.putByte(0, (byte)'z');
        pair.takeReply(id, "z" + "a".repeat(size - 1));
    }

    @Test
    @DisplayName("R13: allocated memory that was put belongs to the receiver: the buffer is empty")
    void shouldEndAllocationWithPut()
    {
        final MutableDirectBuffer memory = client.alloc(port, 0, 8);
        assertThat(client.put(port, memory, 8)).isPositive();
        assertThat(memory.capacity()).isZero();
        assertThatThrownBy(() -> memory.putByte(0, (byte)1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertFails(client, EINVAL, client.put(port, memory, 8));

        final long id = pair.take(server, svc, CAPMS_REQUEST);
        final MutableDirectBuffer reply = server.alloc(svc, id, 8);
        assertThat(server.reply(svc, reply, 8, id)).isZero();
        assertThat(reply.capacity()).isZero();
        assertThatThrownBy(() -> reply.putByte(0, (byte)1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertFails(server, EINVAL, server.reply(svc, reply, 8, id));
    }

    @Test
    @DisplayName("less than was allocated may be put, more is EINVAL and leaves the memory as it is")
    void shouldPutPartOfAllocated()
    {
        final MutableDirectBuffer memory = client.alloc(port, 0, 100);
        memory.putStringWithoutLengthAscii(0, "part");
        assertFails(client, EINVAL, client.put(port, memory, 101));
        assertFails(client, EINVAL, client.put(port, memory, -1));
        assertThat(client.put(port, memory, 4)).isPositive();
        final long id = pair.receive("part");

        final MutableDirectBuffer reply = server.alloc(svc, id, 100);
        reply.putStringWithoutLengthAscii(0, "answer");
        assertFails(server, EINVAL, server.reply(svc, reply, 101, id));
        assertThat(server.reply(svc, reply, 6, id)).isZero();
        pair.takeReply(id, "answer");
    }

    @Test
    @DisplayName("R12: alloc of a size or for an id that cannot be: EINVAL")
    void shouldRefuseAlloc()
    {
        assertRefused(client, port, 0, -1);
        assertRefused(client, port, 0, MAX_SIZE + 1);
        assertRefused(client, port, 1, 1);
        assertRefused(server, svc, 0, 1);
        assertRefused(server, svc, 1, 1);
        final long id = pair.put("x");
        assertRefused(server, svc, id, 1);
        pair.receive("x");
        assertRefused(server, svc, id, MAX_SIZE + 1);
        assertRefused(server, svc, id + 1, 1);
        assertRefused(client, port, id, 1);
        pair.reply(id, "y");
        assertRefused(server, svc, id, 1);
        pair.takeReply(id, "y");
    }

    private static void assertRefused(final CapsSys sys, final int portid, final long msgid, final int size)
    {
        assertThat(sys.alloc(portid, msgid, size)).isNull();
        assertThat(sys.errno()).isEqualTo(EINVAL);
    }

    @Test
    @DisplayName("R20: memory that was allocated for one reply is no other's")
    void shouldReplyWithItsOwnAllocation()
    {
        final long first = pair.put("1");
        final long second = pair.put("2");
        pair.receive("1");
        pair.receive("2");
        final MutableDirectBuffer ofFirst = server.alloc(svc, first, 4);
        ofFirst.putStringWithoutLengthAscii(0, "one.");
        assertFails(server, EINVAL, server.reply(svc, ofFirst, 4, second));
        // One reply, one memory.
        assertThat(server.alloc(svc, first, 4)).isNull();
        assertThat(server.errno()).isEqualTo(EINVAL);
        final MutableDirectBuffer ofSecond = server.alloc(svc, second, 4);
        ofSecond.putStringWithoutLengthAscii(0, "two.");
        assertThat(server.reply(svc, ofSecond, 4, second)).isZero();
        assertThat(server.reply(svc, ofFirst, 4, first)).isZero();
        pair.takeReply(second, "two.");
        pair.takeReply(first, "one.");
    }

    @Test
    @DisplayName("R14: allocated counts as in progress")
    void shouldCountAllocated()
    {
        final List<MutableDirectBuffer> allocated = new ArrayList<>();
        for (int i = 0; i < MAX_IN_PROGRESS; i++)
        {
            allocated.add(client.alloc(port, 0, 8));
            assertThat(allocated.get(i)).isNotNull();
            allocated.get(i).putLong(0, i);
        }
        assertThat(client.alloc(port, 0, 8)).isNull();
        assertThat(client.errno()).isEqualTo(ENOBUFS);
        assertFails(client, ENOBUFS, client.put(port, bytes("x"), 1));
        // In any order: it is the put that counts (R19).
        for (int i = MAX_IN_PROGRESS - 1; i >= 0; i--)
        {
            assertThat(client.put(port, allocated.get(i), 8)).isPositive();
        }
        for (int i = MAX_IN_PROGRESS - 1; i >= 0; i--)
        {
            assertThat(server.get(svc, pair.buffer, 8, pair.msgid, null)).isEqualTo(8);
            assertThat(pair.buffer.getLong(0)).isEqualTo(i);
        }
    }

    @Test
    @DisplayName("the memory of one port can be put to another like any bytes, and stays the first one's")
    void shouldCopyWhatOtherPortAllocated()
    {
        final int other = pair.connect(client);
        final MutableDirectBuffer memory = client.alloc(port, 0, 4);
        memory.putStringWithoutLengthAscii(0, "text");
        final long copied = client.put(other, memory, 4);
        assertThat(pair.receive("text")).isEqualTo(copied);
        final long id = client.put(port, memory, 4);
        assertThat(pair.receive("text")).isEqualTo(id);
    }

    @Test
    @DisplayName("R15, R23: the service closes in between: put is ENOTCONN and the memory is spent")
    void shouldRefuseAllocatedWhenServiceClosed()
    {
        final MutableDirectBuffer memory = client.alloc(port, 0, 4);
        memory.putStringWithoutLengthAscii(0, "text");
        server.close(svc);
        memory.putStringWithoutLengthAscii(0, "more");
        assertFails(client, ENOTCONN, client.put(port, memory, 4));
        assertThat(client.alloc(port, 0, 4)).isNull();
        assertThat(client.errno()).isEqualTo(ENOTCONN);
    }

    @Test
    @DisplayName("R24: the port closes first: EINVAL, and a write to the memory affects no other client")
    void shouldRefuseAllocatedWhenClosed()
    {
        final MutableDirectBuffer memory = client.alloc(port, 0, 4);
        final UnsafeBuffer same = new UnsafeBuffer(memory, 0, 4);
        assertThat(client.close(port)).isZero();
        same.putByte(0, (byte)1);
        assertFails(client, EINVAL, client.put(port, memory, 4));
        client.close();
        same.putByte(0, (byte)1);
    }

    @Test
    @DisplayName("R24: the client closes while a reply is written: reply is EINVAL, and one DISPOSE comes")
    void shouldRefuseAllocatedReplyWhenClientClosed()
    {
        final long id = pair.put("x");
        pair.receive("x");
        final MutableDirectBuffer memory = server.alloc(svc, id, 64);
        memory.putStringWithoutLengthAscii(0, "text");
        client.close(port);
        pair.takeDisposal(id);
        // It may be another thread that writes, and knows nothing of the disposal.
        memory.putStringWithoutLengthAscii(60, "more");
        assertFails(server, EINVAL, server.reply(svc, memory, 64, id));
        pair.assertNothingAtService();
        assertThat(region.tables().usedLinks()).isEmpty();
    }

    @Test
    @DisplayName("R24: the DISPOSE of a request invalidates the memory allocated for its reply")
    void shouldGiveUpAllocationOfDisposedRequest()
    {
        final long id = pair.put("x");
        pair.receive("x");
        assertThat(server.alloc(svc, id, 64)).isNotNull();
        client.close(port);
        pair.takeDisposal(id);
        pair.assertNothingAtService();
        // A service that got the DISPOSE has no call that releases the memory.
        final Tables tables = region.tables();
        SysPair.until(() ->
        {
            // Kept while the program may still write to it: released when the program has dropped the buffer.
            System.gc();
            assertThat(server.alloc(svc, id, 1)).isNull();
            pair.assertNothingAtService();
            return tables.usedLinks().isEmpty();
        });
    }

    @Test
    @DisplayName("alloc, put and reply, many times: buffers are used again, and never mixed up")
    void shouldUseBuffersAgain()
    {
        for (int i = 0; i < 2_000; i++)
        {
            final int size = 8 + i % 50;
            final MutableDirectBuffer memory = client.alloc(port, 0, size);
            memory.putLong(0, i);
            final long id = client.put(port, memory, size);
            assertThat(server.get(svc, pair.buffer, MAX_SIZE, pair.msgid, null)).isNotNegative();
            if (CAPMS_DISPOSE == pair.msgid.state)
            {
                assertThat(server.get(svc, pair.buffer, MAX_SIZE, pair.msgid, null)).isEqualTo(size);
            }
            assertThat(pair.buffer.getLong(0)).isEqualTo(i);
            final MutableDirectBuffer reply = server.alloc(svc, id, 8);
            reply.putLong(0, -i);
            assertThat(server.reply(svc, reply, 8, id)).isZero();
            assertThat(client.get(port, pair.buffer, MAX_SIZE, pair.msgid, null)).isEqualTo(8);
            assertThat(pair.buffer.getLong(0)).isEqualTo(-i);
        }
    }
}
