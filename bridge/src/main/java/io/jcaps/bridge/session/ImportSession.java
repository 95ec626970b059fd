/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import io.jcaps.Outcome;
import io.jcaps.PortOptions;
import io.jcaps.ServicePort;
import io.jcaps.bridge.BridgeEvent;

import java.util.concurrent.TimeUnit;

/**
 * The importer's end of a session, from HELLO to the last outcome. A new session, on a new pair of streams, follows it;
 * nothing is carried over. Used by one thread.
 * <pre>
 *   HELLO_DUE -> AWAIT_CHALLENGE -> PROOF_DUE -> AWAIT_WELCOME -> WELCOMED -> ENDED
 * </pre>
 */
public final class ImportSession extends Session
{
    private static final int HELLO_DUE = 0;
    private static final int AWAIT_CHALLENGE = 1;
    private static final int PROOF_DUE = 2;
    private static final int AWAIT_WELCOME = 3;
    private static final int WELCOMED = 4;
    private static final int ENDED = 5;

    private static final long MIN_HANDSHAKE_LIMIT_NS = TimeUnit.SECONDS.toNanos(1);
    private static final long RETRY_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(500);

    private final String name;
    private byte[] proof;
    private int state = HELLO_DUE;
    // When the last beat was echoed. The exporter counts its lease from the time when it sent that beat, so it ends
    // before ours.
    private long lastEchoNs;
    private boolean isEchoDue;
    private long echoTick;
    int lastLinkNumber;
    // The last state of the service that the exporter reported: how it has ended; REPLIED while it is up.
    private int serviceEnd = Outcome.UNREACHABLE;
    private long serviceIncarnation;
    private long serviceGeneration;
    private StandIn standIn;
    private boolean isClosing;

    /**
     * Begins a session.
     *
     * @param context  of the bridge; the stand-in is registered with its attachment.
     * @param counters to count with.
     * @param wire     to the exporter.
     * @param listener of what happens.
     * @param name     of the service.
     */
    public ImportSession(
        final SessionContext context, final SessionCounters counters, final Wire wire, final SessionListener listener,
        final String name)
    {
        super(context, counters, wire, listener);
        this.name = name;
    }

    // ---- from the exporter

    @Override
    boolean isListening()
    {
        return ENDED != state;
    }

    @Override
    void otherVersion(final int type, final int version, final int flags)
    {
        // A REFUSE keeps its place in every version, so that each can say why.
        refused(FrameDescriptor.REFUSE == type ? "refused: " + Refusal.text(flags) :
            "the other end has version " + version + " of the protocol, this one " + FrameDescriptor.CURRENT_VERSION);
    }

    @Override
    void onControl(final int type, final int flags, final int link, final long id, final int length)
    {
        if (FrameDescriptor.REFUSE == type)
        {
            refused("refused: " + Refusal.text(flags));
        }
        else if (FrameDescriptor.BYE == type)
        {
            // The exporter hands out nothing more.
            fail("the other end has closed the session");
            isByeDue = false;
        }
        else if (FrameDescriptor.CHALLENGE == type && AWAIT_CHALLENGE == state &&
            BodyDescriptor.CHALLENGE_LENGTH == length)
        {
            onChallenge();
        }
        else if (FrameDescriptor.WELCOME == type && AWAIT_WELCOME == state && id > 0)
        {
            state = WELCOMED;
            lostAfterNs = Math.min(lostAfterNs, id);
            lastEchoNs = clock.nanoTime();
            listener.on(BridgeEvent.Kind.CONNECTED, "");
        }
        else if (WELCOMED != state)
        {
            violation("a frame of type " + type + " before the WELCOME");
        }
        else
        {
            onWelcomed(type, flags, link, id, length);
        }
    }

    private void onWelcomed(final int type, final int flags, final int link, final long id, final int length)
    {
        if (FrameDescriptor.BEAT == type && BodyDescriptor.BEAT_LENGTH == length)
        {
            isEchoDue = true;
            echoTick = id;
            counters.roundTripNs(frame.bodyLong(BodyDescriptor.BEAT_ROUND_TRIP_OFFSET));
        }
        else if (FrameDescriptor.SERVICE == type && BodyDescriptor.SERVICE_LENGTH == length &&
            (Outcome.REPLIED == flags || Outcome.mayEnd(flags) && (flags & Outcome.RECEIVED) == 0))
        {
            onService(flags, id);
        }
        else if (FrameDescriptor.OPENED != type && FrameDescriptor.OUTCOME != type)
        {
            violation("a frame of type " + type + " of length " + length + " with flags " + flags);
        }
        else if (null != standIn && FrameDescriptor.OPENED == type)
        {
            standIn.onOpened(link, flags);
        }
        else if (null != standIn)
        {
            standIn.onOutcome(link, id, flags);
        }
    }

    private void onChallenge()
    {
        final byte[] nonce = frame.bodyBytes(BodyDescriptor.CHALLENGE_NONCE_OFFSET, SharedKey.NONCE_LENGTH);
        final byte[] othersProof = frame.bodyBytes(BodyDescriptor.CHALLENGE_PROOF_OFFSET, SharedKey.PROOF_LENGTH);
        if (key.isProof(othersProof, SharedKey.EXPORTER, ownNonce, nonce))
        {
            proof = key.proof(SharedKey.IMPORTER, ownNonce, nonce);
            state = PROOF_DUE;
        }
        else
        {
            refused("refused: " + Refusal.text(Refusal.KEY.number()));
        }
    }

    private void onService(final int flags, final long incarnation)
    {
        serviceEnd = flags;
        serviceIncarnation = incarnation;
        serviceGeneration = frame.bodyLong(BodyDescriptor.SERVICE_GENERATION_OFFSET);
        if (Outcome.REPLIED == flags && null != standIn && standIn.incarnation == incarnation && !standIn.isDown())
        {
            // Before the replies that follow it (R28).
            standIn.port.generation(serviceGeneration);
        }
    }

    @Override
    Receiver beginMessage(final int type, final int link, final long id, final int length)
    {
        if (FrameDescriptor.REPLY == type && null != standIn)
        {
            return standIn.beginReply(link, id, length);
        }
        violation("a frame of type " + type + " without a stand-in");
        return null;
    }

    // ---- progress

    @Override
    public int doWork()
    {
        final long nowNs = clock.nanoTime();
        if (ENDED == state)
        {
            isByeDue = isByeDue && !send(FrameDescriptor.BYE, 0, 0, 0, 0);
            return 0;
        }
        if (WELCOMED != state)
        {
            if (nowNs - begunNs > Math.max(lostAfterNs, MIN_HANDSHAKE_LIMIT_NS))
            {
                fail("no answer");
            }
            handshake();
            return 0;
        }
        // Checked first: after a pause, the frames in the streams belong to a session that has ended.
        if (nowNs - lastEchoNs > lostAfterNs)
        {
            fail("lost: no beat for " + TimeUnit.NANOSECONDS.toMillis(nowNs - lastEchoNs) + " ms");
            return 1;
        }
        int work = 0;
        if (isEchoDue && send(FrameDescriptor.BEAT, 0, 0, echoTick, 0))
        {
            isEchoDue = false;
            lastEchoNs = nowNs;
            work++;
        }
        follow(nowNs);
        if (null != standIn && !isClosing)
        {
            work += standIn.receive();
            if (standIn.isPortEnded)
            {
                fail("the local region is gone");
                return work;
            }
            work += sendInTurn(standIn.links.size());
            if (nowNs - lastLookNs >= LOOK_INTERVAL_NS)
            {
                lastLookNs = nowNs;
                standIn.dropGone();
            }
        }
        return work;
    }

    @Override
    int sendLink(final int index)
    {
        return standIn.send(index);
    }

    private void handshake()
    {
        if (HELLO_DUE == state)
        {
            body.putBytes(BodyDescriptor.HELLO_NONCE_OFFSET, ownNonce);
            body.putLong(BodyDescriptor.HELLO_LOST_AFTER_OFFSET, lostAfterNs, FrameFlyweight.ORDER);
            body.putInt(BodyDescriptor.HELLO_SLOT_COUNT_OFFSET, attachment.slotCount(), FrameFlyweight.ORDER);
            body.putInt(BodyDescriptor.HELLO_MESSAGE_LIMIT_OFFSET, attachment.messageLimit(), FrameFlyweight.ORDER);
            final int length = body.putStringWithoutLengthAscii(BodyDescriptor.HELLO_NAME_OFFSET, name);
            state += send(FrameDescriptor.HELLO, 0, 0, 0, BodyDescriptor.HELLO_NAME_OFFSET + length) ? 1 : 0;
        }
        else if (PROOF_DUE == state)
        {
            body.putBytes(0, proof);
            state += send(FrameDescriptor.PROOF, 0, 0, 0, proof.length) ? 1 : 0;
        }
    }

    /** Registers or closes the stand-in, so that it follows the remote service. */
    private void follow(final long nowNs)
    {
        final boolean isUp = Outcome.REPLIED == serviceEnd;
        if (null == standIn)
        {
            if (isUp && 0 == pendingCalls && nowNs - retryNs >= 0)
            {
                register();
            }
        }
        else if (!isClosing && !standIn.isDown() && (!isUp || standIn.incarnation != serviceIncarnation))
        {
            standIn.down(isUp ? Outcome.SERVICE_CLOSED : serviceEnd);
            listener.on(BridgeEvent.Kind.DOWN, "");
        }
        else if (!isClosing && standIn.isDown() && !standIn.hasOffered())
        {
            standIn.closeLinks();
            if (0 == standIn.links.size())
            {
                closeStandIn();
            }
        }
    }

    private void register()
    {
        final long incarnation = serviceIncarnation;
        final PortOptions options = new PortOptions().imported(true).singleThreaded(true).spinOnly(true)
            .generation(serviceGeneration);
        call(() -> attachment.service(name, options), (port) -> registered(port, incarnation), (ex) ->
        {
            retryNs = clock.nanoTime() + RETRY_INTERVAL_NS;
            listener.on(BridgeEvent.Kind.TROUBLE, "the stand-in cannot be registered: " + ex.getMessage());
        });
    }

    private void registered(final ServicePort port, final long incarnation)
    {
        standIn = new StandIn(this, port, incarnation, attachment.slotCount());
        if (ENDED == state)
        {
            standIn.lose();
            closeStandIn();
            return;
        }
        if (incarnation == serviceIncarnation)
        {
            port.generation(serviceGeneration);
        }
        listener.on(BridgeEvent.Kind.UP, "");
    }

    private void closeStandIn()
    {
        isClosing = true;
        closePort(standIn, () ->
        {
            standIn = null;
            isClosing = false;
        });
    }

    // ---- the end

    private void refused(final String reason)
    {
        counters.count(SessionCounter.REFUSED);
        fail(reason);
    }

    @Override
    public void fail(final String reason)
    {
        if (ENDED == state)
        {
            return;
        }
        isByeDue = state > HELLO_DUE;
        state = ENDED;
        if (null != standIn && !isClosing)
        {
            standIn.lose();
            closeStandIn();
        }
        listener.on(BridgeEvent.Kind.ENDED, reason);
    }

    @Override
    public boolean isOver()
    {
        // A BYE that cannot be sent is not waited for: the exporter's lease ends by itself.
        return ENDED == state && null == standIn && 0 == pendingCalls;
    }

    @Override
    public boolean isServiceUp()
    {
        return null != standIn && !standIn.isDown();
    }

    @Override
    public int linkCount()
    {
        return null == standIn ? 0 : standIn.links.size();
    }
}
