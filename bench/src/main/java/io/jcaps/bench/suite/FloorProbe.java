/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.suite;

import io.jcaps.bench.Cell;
import io.jcaps.bench.Contender;
import io.jcaps.bench.EchoClient;
import io.jcaps.bench.EchoServer;
import io.jcaps.bench.Waiting;
import io.jcaps.bench.Workload;
import io.jcaps.bench.contender.Contenders;
import org.agrona.CloseHelper;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Measures the floor inside a cell, on the cell's own two threads: by the contender {@code floor} where the cell polls,
 * by {@code futex-floor} where it sleeps. The machine's speed changes within a run, and depends on the cores of the two
 * threads; so a cell is compared with the floor of its own cores and time.
 * <p>
 * The client asks while no request of the cell is in flight. The server's thread, between two looks for requests,
 * answers up to the last round trip that the client names. Both sides write words of one mapped file, but none while
 * the cell is measured.
 */
final class FloorProbe
{
    private static final String DIRECTORY_NAME = "probe";
    private static final String FILE_NAME = "control";
    private static final int FILE_LENGTH = 4096;
    /**
     * Written by the client: 1 plus the number of requests of the cell that are answered before this probe; 0 for no
     * probe.
     */
    private static final int ASKED_OFFSET = 0;
    /** Written by the client: number of the round trip that ends this probe; 0 while it is not known. */
    private static final int LAST_OFFSET = 128;
    /** Written by the server: number of probes that it has begun. */
    private static final int BEGUN_OFFSET = 256;
    private static final int FLOOR_LENGTH = 32;

    private FloorProbe()
    {
    }

    /**
     * @param cell of the measurement.
     * @return whether its two threads can run a probe; if they sleep, only with one request in flight, which wakes the
     * server.
     */
    static boolean isPossible(final Cell cell)
    {
        return Waiting.BLOCK != cell.waiting() ||
            Workload.ROUND_TRIP == cell.workload() && null == contender(cell).refusal(floorCell(cell));
    }

    private static Cell floorCell(final Cell cell)
    {
        final String name = Waiting.BLOCK == cell.waiting() ? "futex-floor" : "floor";
        final Cell floor = Cell.roundTrip(name, FLOOR_LENGTH).tuning(cell.tuning());
        return Waiting.BLOCK == cell.waiting() ? floor.waiting(Waiting.BLOCK) : floor;
    }

    private static Contender contender(final Cell cell)
    {
        return Contenders.byName(floorCell(cell).contender());
    }

    /**
     * The server's side. The thread that serves the cell calls its methods.
     */
    static final class Server implements AutoCloseable
    {
        /** Polls of one call: a loop that is compiled while it runs gets worse code. */
        private static final int POLL_COUNT = 1_000;

        private final MappedByteBuffer mapped;
        private final UnsafeBuffer control;
        private final EchoServer floor;
        private long answeredCount;
        private long begunCount;

        private Server(final MappedByteBuffer mapped, final EchoServer floor)
        {
            this.mapped = mapped;
            this.floor = floor;
            control = new UnsafeBuffer(mapped);
        }

        /**
         * @param cell      of the measurement.
         * @param directory of the measurement.
         * @return the server's side, or null if the cell cannot be probed.
         * @throws Exception if it cannot be opened.
         */
        static Server open(final Cell cell, final Path directory) throws Exception
        {
            if (!isPossible(cell))
            {
                return null;
            }
            final Path own = Files.createDirectory(directory.resolve(DIRECTORY_NAME));
            final EchoServer floor = contender(cell).serve(floorCell(cell), own);
            return new Server(IoUtil.mapNewFile(own.resolve(FILE_NAME).toFile(), FILE_LENGTH), floor);
        }

        /**
         * @param servedCount requests of the cell that were answered so far.
         * @return whether the client waits for a probe.
         */
        boolean isAsked(final long servedCount)
        {
            final long asked = control.getLongAcquire(ASKED_OFFSET);
            return 0 != asked && servedCount >= asked - 1;
        }

        /**
         * Answers a probe until its last round trip.
         *
         * @param isWanted whether to continue: false when the parent has exited.
         */
        void answer(final BooleanSupplier isWanted)
        {
            control.putLongRelease(BEGUN_OFFSET, ++begunCount);
            boolean isDone = false;
            while (!isDone && isWanted.getAsBoolean())
            {
                isDone = answerSome();
            }
        }

        private boolean answerSome()
        {
            for (int i = 0; i < POLL_COUNT; i++)
            {
                if (0 != floor.serve(1) && ++answeredCount == control.getLongAcquire(LAST_OFFSET))
                {
                    return true;
                }
            }
            // Reached only if the client is late: it may need this core.
            Thread.yield();
            return false;
        }

        void wake()
        {
            floor.wake();
        }

        @Override
        public void close()
        {
            CloseHelper.close(floor);
            IoUtil.unmap(mapped);
        }
    }

    /**
     * The client's side, which measures. Used by one thread at a time, the one that sends the cell's requests.
     */
    static final class Client implements AutoCloseable
    {
        private static final int SINGLE_COUNT = 5_000;
        private static final int BATCH_COUNT = 50;
        private static final int BATCH_LENGTH = Histograms.BATCH_LENGTH;
        /** Least round trips for a value. */
        private static final int MIN_SINGLE_COUNT = 500;
        private static final int MIN_BATCH_COUNT = 10;
        private static final int WARM_UP_BATCH_COUNT = 300;
        /** Longest floor of two threads that spin: beyond it they shared one core, and the time is the scheduler's. */
        private static final double MOST_SPINNING_NS = 3_000;
        private static final int PATIENCE_COUNT = 10_000;
        /** Time limit of each part: without a core for each side, a round trip takes a time slice of the scheduler. */
        private static final long LIMIT_NS = TimeUnit.MILLISECONDS.toNanos(30);
        private static final long WARM_UP_LIMIT_NS = TimeUnit.MILLISECONDS.toNanos(200);

        private final MappedByteBuffer mapped;
        private final UnsafeBuffer control;
        private final EchoClient floor;
        private final boolean isTimedInBatches;
        private final long[] singles = new long[SINGLE_COUNT];
        private final long[] batches = new long[BATCH_COUNT];
        private long number;
        private long askedCount;

        private Client(final MappedByteBuffer mapped, final EchoClient floor, final boolean isTimedInBatches)
        {
            this.mapped = mapped;
            this.floor = floor;
            this.isTimedInBatches = isTimedInBatches;
            control = new UnsafeBuffer(mapped);
        }

        /**
         * @param cell      of the measurement.
         * @param directory of the measurement.
         * @return the client's side, or null if the cell cannot be probed.
         * @throws IOException if the server's file is missing.
         */
        static Client open(final Cell cell, final Path directory) throws Exception
        {
            if (!isPossible(cell))
            {
                return null;
            }
            final Path own = directory.resolve(DIRECTORY_NAME);
            final EchoClient floor = contender(cell).connect(floorCell(cell), own).get(0);
            return new Client(
                IoUtil.mapExistingFile(own.resolve(FILE_NAME).toFile(), FILE_NAME), floor,
                Waiting.BLOCK != cell.waiting());
        }

        /**
         * Asks for a probe. A server that sleeps sees it only after one more request.
         *
         * @param servedCount requests of the cell that the server will have answered when the probe may begin.
         */
        void ask(final long servedCount)
        {
            askedCount++;
            control.putLong(LAST_OFFSET, 0);
            control.putLongRelease(ASKED_OFFSET, 1 + servedCount);
        }

        /** Runs the floor until it is compiled; after {@link #ask}. */
        void warmUp()
        {
            begin();
            final long deadlineNs = System.nanoTime() + WARM_UP_LIMIT_NS;
            for (int i = 0; i < WARM_UP_BATCH_COUNT && System.nanoTime() - deadlineNs < 0; i++)
            {
                if (isTimedInBatches)
                {
                    batch();
                }
                singles(0, BATCH_LENGTH, deadlineNs);
            }
            end();
        }

        /**
         * Measures the floor; after {@link #ask}.
         *
         * @return the result.
         */
        Probe take()
        {
            begin();
            final long singlesEndNs = System.nanoTime() + LIMIT_NS;
            int singleCount = 0;
            int taken = BATCH_LENGTH;
            while (singleCount < SINGLE_COUNT && BATCH_LENGTH == taken)
            {
                taken = singles(singleCount, BATCH_LENGTH, singlesEndNs);
                singleCount += taken;
            }
            final long batchesEndNs = System.nanoTime() + LIMIT_NS;
            int batchCount = 0;
            while (isTimedInBatches && batchCount < BATCH_COUNT && System.nanoTime() - batchesEndNs < 0)
            {
                batches[batchCount++] = batch();
            }
            end();
            final double singleNs = median(singles, singleCount);
            final boolean isOneCore = isTimedInBatches && singleNs > MOST_SPINNING_NS;
            return singleCount < MIN_SINGLE_COUNT || isOneCore ? Probe.NONE : new Probe(
                singleNs,
                batchCount < MIN_BATCH_COUNT ? Double.NaN : median(batches, batchCount) / BATCH_LENGTH);
        }

        @Override
        public void close()
        {
            CloseHelper.close(floor);
            IoUtil.unmap(mapped);
        }

        private void begin()
        {
            while (control.getLongAcquire(BEGUN_OFFSET) != askedCount)
            {
                Thread.yield();
            }
            control.putLong(ASKED_OFFSET, 0);
        }

        private void end()
        {
            // Written before the last round trip is sent: the server answers that before it reads this word.
            control.putLongRelease(LAST_OFFSET, number + 1);
            roundTrip();
        }

        /**
         * Times round trips one by one, and stores the times from {@code first} on; fewer if the time limit is reached.
         */
        private int singles(final int first, final int count, final long deadlineNs)
        {
            for (int i = 0; i < count; i++)
            {
                final long startNs = System.nanoTime();
                roundTrip();
                final long endNs = System.nanoTime();
                singles[first + i] = endNs - startNs;
                if (endNs - deadlineNs >= 0)
                {
                    return i + 1;
                }
            }
            return count;
        }

        private long batch()
        {
            final long startNs = System.nanoTime();
            for (int i = 0; i < BATCH_LENGTH; i++)
            {
                roundTrip();
            }
            return System.nanoTime() - startNs;
        }

        private void roundTrip()
        {
            floor.send(++number);
            int pollCount = 0;
            while (0 == floor.receive(1))
            {
                if (++pollCount == PATIENCE_COUNT)
                {
                    // This is far longer than a round trip: the server may wait for this core.
                    pollCount = 0;
                    Thread.yield();
                }
            }
        }

        private static double median(final long[] values, final int count)
        {
            Arrays.sort(values, 0, count);
            return values[count / 2];
        }
    }
}
