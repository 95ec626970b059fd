/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.ForwardingHost;
import io.jcaps.layout.ErrorLogDescriptor;
import io.jcaps.layout.ErrorRecord;
import io.jcaps.table.ErrorLog;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

import java.util.List;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

/**
 * [error-log]: ErrorLog.open() releases PROCESS_INCARNATION after the zeros and the pid; ErrorRecord.read() acquires it
 * before them. Agrona releases each record's length after its text.
 * <p>
 * Not run weakened: x86 keeps stores in their order and loads in theirs, so that only the compiler could show it.
 * Without the release, a record of the entry's last process could be shown as this one's.
 */
@JCStressTest
@Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "[error-log] nothing yet")
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "[error-log] its own error, with its own pid")
@Outcome(expect = FORBIDDEN, desc = "[error-log] something of the process before")
@State
public class ErrorLogStress
{
    private static final int OLD_PID = 7;
    private static final Throwable ERROR = new Failure();

    private final UnsafeBuffer log = new UnsafeBuffer(new byte[ErrorLogDescriptor.LOG_LENGTH]);
    private final ErrorLog writer = new ErrorLog(new LogHost(new StressRegion(1).side(), log), 0, 1);

    public ErrorLogStress()
    {
        // Of a process before; only its incarnation is gone.
        final UnsafeBuffer records = new UnsafeBuffer(
            log, ErrorLogDescriptor.RECORDS_OFFSET, ErrorLogDescriptor.RECORDS_LENGTH);
        records.putInt(0, Integer.SIZE);
        log.putInt(ErrorLogDescriptor.PID_OFFSET, OLD_PID);
    }

    @Actor
    public void write()
    {
        writer.onError(ERROR);
    }

    @Actor
    public void read(final II_Result r)
    {
        final List<ErrorRecord> records = ErrorRecord.read(log);
        if (!records.isEmpty())
        {
            r.r1 = records.get(0).pid();
            r.r2 = records.get(0).text().contains(Failure.class.getSimpleName()) ? 1 : 2;
        }
    }

    /** What the operating system gives for a log: zeros, written by plain stores. */
    private static final class LogHost extends ForwardingHost
    {
        private final UnsafeBuffer log;

        private LogHost(final StressRegion.Side side, final UnsafeBuffer log)
        {
            super(side);
            this.log = log;
        }

        @Override
        public UnsafeBuffer errors(final int processIndex)
        {
            log.setMemory(ErrorLogDescriptor.RECORDS_OFFSET, Long.BYTES * Long.BYTES, (byte)0);
            return log;
        }
    }

    private static final class Failure extends RuntimeException
    {
        private static final long serialVersionUID = 1L;

        private Failure()
        {
            super("failure", null, false, false);
        }
    }
}
