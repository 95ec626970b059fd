/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import org.agrona.BitUtil;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;

import java.nio.MappedByteBuffer;
import java.nio.file.Path;

/**
 * A service's record of its actions, in a mapped file apart from the region: it survives the kill of the service, and
 * is compared with the clients' outcomes.
 * <pre>
 *   at  size  field           written by the service
 *    0     8  REPLIED         after each reply
 *    8     8  DISPOSED        after each disposal
 *   16 8 VERIFIED_BYTES after each verified request 64 * (1 + client) 8 NEXT_SEQUENCE after each reception, before
 *   anything is done with the request
 * </pre>
 * One thread writes; any process may read.
 */
final class Witness implements AutoCloseable
{
    private static final int REPLIED_OFFSET = 0;
    private static final int DISPOSED_OFFSET = REPLIED_OFFSET + BitUtil.SIZE_OF_LONG;
    private static final int VERIFIED_BYTES_OFFSET = DISPOSED_OFFSET + BitUtil.SIZE_OF_LONG;
    private static final int CLIENT_STRIDE = 64;

    private final MappedByteBuffer mapping;
    private final UnsafeBuffer buffer;

    private Witness(final MappedByteBuffer mapping)
    {
        this.mapping = mapping;
        buffer = new UnsafeBuffer(mapping);
    }

    static Witness create(final Path file)
    {
        return new Witness(IoUtil.mapNewFile(file.toFile(), (1 + Demo.CLIENT_COUNT) * CLIENT_STRIDE));
    }

    static Witness open(final Path file)
    {
        return new Witness(IoUtil.mapExistingFile(file.toFile(), file.getFileName().toString()));
    }

    void addReplied()
    {
        add(REPLIED_OFFSET, 1);
    }

    long replied()
    {
        return buffer.getLongVolatile(REPLIED_OFFSET);
    }

    void addDisposed()
    {
        add(DISPOSED_OFFSET, 1);
    }

    long disposed()
    {
        return buffer.getLongVolatile(DISPOSED_OFFSET);
    }

    void addVerifiedBytes(final int length)
    {
        add(VERIFIED_BYTES_OFFSET, length);
    }

    long verifiedBytes()
    {
        return buffer.getLongVolatile(VERIFIED_BYTES_OFFSET);
    }

    void nextSequence(final int client, final long sequence)
    {
        buffer.putLongRelease(clientOffset(client), sequence);
    }

    long nextSequence(final int client)
    {
        return buffer.getLongVolatile(clientOffset(client));
    }

    @Override
    public void close()
    {
        IoUtil.unmap(mapping);
    }

    private void add(final int offset, final long increment)
    {
        // Only one thread writes.
        buffer.putLongRelease(offset, buffer.getLong(offset) + increment);
    }

    private static int clientOffset(final int client)
    {
        return (1 + client) * CLIENT_STRIDE;
    }
}
