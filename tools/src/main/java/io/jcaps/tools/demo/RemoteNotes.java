/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import io.jcaps.Outcome;
import org.agrona.BitUtil;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;

import java.nio.MappedByteBuffer;
import java.nio.file.Path;

/**
 * The record of what both ends did with each request of one client, in a mapped file apart from both regions: it
 * survives the kill of either end. Both hosts are on this machine, so both ends can write it.
 * <pre>
 *   at  size  field          written by
 *   2i     1  CLIENT_NOTE    the client, of request i
 *   2i+1   1  SERVICE_NOTE   the service, of request i
 * </pre>
 * One thread writes at each end; any process may read.
 */
final class RemoteNotes implements AutoCloseable
{
    /** Most requests of a client. */
    static final int CAPACITY = 1 << 22;

    /** Client: put returned an id. */
    static final int ACCEPTED = 0x01;
    /** Client: received an outcome. */
    static final int ENDED = 0x02;
    /** Client: the outcome has RECEIVED. */
    static final int TOLD_RECEIVED = 0x04;
    private static final int KIND_SHIFT = 4;

    /** Service: received. */
    static final int SEEN = 0x01;
    /** Service: about to reply. */
    static final int REPLYING = 0x02;
    /** Service: received the disposal. */
    static final int DISPOSED = 0x04;

    private static final int NOTES_LENGTH = 2 * BitUtil.SIZE_OF_BYTE;

    private final MappedByteBuffer mapping;
    private final UnsafeBuffer buffer;

    private RemoteNotes(final MappedByteBuffer mapping)
    {
        this.mapping = mapping;
        buffer = new UnsafeBuffer(mapping);
    }

    static RemoteNotes create(final Path directory, final int client)
    {
        return new RemoteNotes(IoUtil.mapNewFile(file(directory, client).toFile(), CAPACITY * NOTES_LENGTH, false));
    }

    static RemoteNotes open(final Path directory, final int client)
    {
        return new RemoteNotes(IoUtil.mapExistingFile(file(directory, client).toFile(), "notes"));
    }

    private static Path file(final Path directory, final int client)
    {
        return directory.resolve("notes-" + client);
    }

    int client(final long sequence)
    {
        return buffer.getByteVolatile(index(sequence));
    }

    void addClient(final long sequence, final int note)
    {
        buffer.putByteVolatile(index(sequence), (byte)(client(sequence) | note));
    }

    /** Notes an outcome of {@link Outcome}'s. */
    void ended(final long sequence, final int outcome)
    {
        addClient(sequence, ENDED | (Outcome.wasReceived(outcome) ? TOLD_RECEIVED : 0) |
            Outcome.kind(outcome) << KIND_SHIFT);
    }

    static int kind(final int clientNote)
    {
        return clientNote >>> KIND_SHIFT;
    }

    int service(final long sequence)
    {
        return buffer.getByteVolatile(index(sequence) + 1);
    }

    void addService(final long sequence, final int note)
    {
        buffer.putByteVolatile(index(sequence) + 1, (byte)(service(sequence) | note));
    }

    @Override
    public void close()
    {
        IoUtil.unmap(mapping);
    }

    private static int index(final long sequence)
    {
        return (int)sequence * NOTES_LENGTH;
    }
}
