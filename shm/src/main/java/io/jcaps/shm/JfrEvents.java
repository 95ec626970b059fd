/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.MessageState;
import io.jcaps.Status;
import io.jcaps.host.Events;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;

/**
 * Records events for the Flight Recorder. An event that is not recorded costs the test of a constant field. A message
 * that is sent and received without a sleep records none.
 */
final class JfrEvents implements Events
{
    private static final String CATEGORY = "jcaps";

    @Name("jcaps.Connect")
    @Label("Connect")
    @Description("A client looked for its service and connected, or failed to")
    @Category(CATEGORY)
    static final class Connect extends Event
    {
        @Label("Port")
        String port;
        @Label("Status")
        String status;
    }

    @Name("jcaps.Wait")
    @Label("Wait")
    @Description("A thread slept until a message came, or something else ended its wait")
    @Category(CATEGORY)
    @Threshold("20 ms")
    static final class Wait extends Event
    {
        @Label("Port")
        String port;
        @Label("Result")
        String result;
    }

    @Name("jcaps.Accept")
    @Label("Accept")
    @Description("A service let a client in")
    @Category(CATEGORY)
    @StackTrace(false)
    static final class Accept extends Event
    {
        @Label("Port")
        String port;
        @Label("Link")
        int link;
        @Label("Client's pid")
        int clientPid;
    }

    @Name("jcaps.Refuse")
    @Label("Refuse")
    @Description("A service refused a client")
    @Category(CATEGORY)
    @StackTrace(false)
    static final class Refuse extends Event
    {
        @Label("Port")
        String port;
        @Label("Link")
        int link;
        @Label("Forged")
        @Description("True if the client's identity did not match; false if it has no permission")
        boolean forged;
    }

    @Name("jcaps.Close")
    @Label("Close")
    @Description("A port was closed by its owner")
    @Category(CATEGORY)
    static final class Close extends Event
    {
        @Label("Port")
        String port;
        @Label("Service")
        boolean service;
    }

    @Name("jcaps.PeerDeath")
    @Label("Peer Death")
    @Description("A peer's process is proved dead")
    @Category(CATEGORY)
    @StackTrace(false)
    static final class PeerDeath extends Event
    {
        @Label("Port")
        String port;
        @Label("Service")
        @Description("True if the dead process was the service's; false if it was a client's")
        boolean service;
        @Label("Link")
        int link;
    }

    @Name("jcaps.NoBuffers")
    @Label("No Buffers")
    @Description("ENOBUFS: the limit of messages in progress is reached; once until another put has succeeded")
    @Category(CATEGORY)
    static final class NoBuffers extends Event
    {
        @Label("Port")
        String port;
        @Label("In Progress")
        int inProgress;
    }

    @Name("jcaps.NoSpace")
    @Label("No Space")
    @Description("The region has no memory left for a payload")
    @Category(CATEGORY)
    static final class NoSpace extends Event
    {
        @Label("Port")
        String port;
        @Label("Length")
        @DataAmount
        long length;
    }

    @Name("jcaps.CorruptLink")
    @Label("Corrupt Link")
    @Description("A link was given up because the other side wrote an invalid value")
    @Category(CATEGORY)
    static final class CorruptLink extends Event
    {
        @Label("Port")
        String port;
        @Label("Link")
        int link;
        @Label("Reason")
        String reason;
    }

    @Override
    public Object connectBegins()
    {
        final Connect event = new Connect();
        if (!event.isEnabled())
        {
            return null;
        }
        event.begin();
        return event;
    }

    @Override
    public void connectEnds(final Object begun, final String port, final int status)
    {
        final Connect event = (Connect)begun;
        event.port = port;
        event.status = Status.OK == status ? "OK" : Status.text(status);
        event.commit();
    }

    @Override
    public Object waitBegins()
    {
        final Wait event = new Wait();
        if (!event.isEnabled())
        {
            return null;
        }
        event.begin();
        return event;
    }

    @Override
    public void waitEnds(final Object begun, final String port, final int result)
    {
        final Wait event = (Wait)begun;
        event.end();
        if (event.shouldCommit())
        {
            event.port = port;
            event.result = resultText(result);
            event.commit();
        }
    }

    private static String resultText(final int result)
    {
        return switch (result)
        {
            case MessageState.REQUEST -> "REQUEST";
            case MessageState.REPLY -> "REPLY";
            case MessageState.DISPOSE -> "DISPOSE";
            default -> Status.text(result);
        };
    }

    @Override
    public void accepted(final String port, final int linkIndex, final int pid)
    {
        final Accept event = new Accept();
        if (event.isEnabled())
        {
            event.port = port;
            event.link = linkIndex;
            event.clientPid = pid;
            event.commit();
        }
    }

    @Override
    public void refused(final String port, final int linkIndex, final boolean isForged)
    {
        final Refuse event = new Refuse();
        if (event.isEnabled())
        {
            event.port = port;
            event.link = linkIndex;
            event.forged = isForged;
            event.commit();
        }
    }

    @Override
    public void closed(final String port, final boolean isService)
    {
        final Close event = new Close();
        if (event.isEnabled())
        {
            event.port = port;
            event.service = isService;
            event.commit();
        }
    }

    @Override
    public void peerDied(final String port, final boolean isService, final int linkIndex)
    {
        final PeerDeath event = new PeerDeath();
        if (event.isEnabled())
        {
            event.port = port;
            event.service = isService;
            event.link = linkIndex;
            event.commit();
        }
    }

    @Override
    public void noBuffers(final String port, final int inProgress)
    {
        final NoBuffers event = new NoBuffers();
        if (event.isEnabled())
        {
            event.port = port;
            event.inProgress = inProgress;
            event.commit();
        }
    }

    @Override
    public void noSpace(final String port, final int length)
    {
        final NoSpace event = new NoSpace();
        if (event.isEnabled())
        {
            event.port = port;
            event.length = length;
            event.commit();
        }
    }

    @Override
    public void corrupt(final String port, final int linkIndex, final String reason)
    {
        final CorruptLink event = new CorruptLink();
        if (event.isEnabled())
        {
            event.port = port;
            event.link = linkIndex;
            event.reason = reason;
            event.commit();
        }
    }
}
