/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import io.jcaps.CapsException;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.Outcome;
import io.jcaps.PortOptions;
import io.jcaps.Status;
import io.jcaps.bridge.BridgeEvent;
import io.jcaps.host.Credentials;
import org.agrona.collections.Int2ObjectHashMap;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The exporter's end of a session, from HELLO to the close of its last client port. Used by one thread.
 * <pre>
 *   NEW -> CHALLENGED -> WELCOMED -> ENDED
 *    \_________\___ REFUSED ___________/
 * </pre>
 */
public final class ExportSession extends Session
{
    /** Most clients of one session; a region rarely has so many links. */
    static final int MAX_LINKS = 4_096;

    private static final int NEW = 0;
    private static final int CHALLENGE_DUE = 1;
    private static final int CHALLENGED = 2;
    private static final int WELCOME_DUE = 3;
    private static final int WELCOMED = 4;
    private static final int REFUSED = 5;
    private static final int ENDED = 6;

    /** Beats within the time after which a peer is lost: an outage of half that time still lets some through. */
    private static final int BEATS = 16;
    /** The lease in percent of that time. The rest allows for the different rates of two clocks. */
    private static final int LEASE_PERCENT = 80;
    private static final long HANDSHAKE_LIMIT_NS = TimeUnit.SECONDS.toNanos(10);
    private static final long RETRY_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Set<String> exports;
    private final boolean isAllowed;
    private byte[] othersNonce;
    private final Int2ObjectHashMap<ExportLink> linksByNumber = new Int2ObjectHashMap<>();
    private final ArrayList<ExportLink> links = new ArrayList<>();
    private final Message nothing = new Message();
    private int state = NEW;
    private Refusal refusal;
    private String name = "";
    private int slotCount;
    private int lastNumber;
    private boolean isTooSmall;
    // When the last tick was sent whose echo has come back: requests are handed out until a lease after it.
    private long leaseNs;
    private boolean hasLease;
    private long lastBeatNs;
    // A client port that puts nothing: it finds the service, and detects its end.
    private ClientPort service;
    private boolean isServiceGone;
    private boolean isServiceKnown;
    // A newer registration was found: the session does not wait for the older one, which may stay alive.
    private boolean isReplaced;
    private int serviceEnd;
    private long sentGeneration;

    /**
     * Begins a session.
     *
     * @param context   of the bridge; its attachment connects to the services.
     * @param counters  to count with.
     * @param wire      to the importer.
     * @param listener  of what happens.
     * @param exports   names of the services that are exported.
     * @param isAllowed whether the other end's address may import.
     */
    public ExportSession(
        final SessionContext context, final SessionCounters counters, final Wire wire, final SessionListener listener,
        final Set<String> exports, final boolean isAllowed)
    {
        super(context, counters, wire, listener);
        this.exports = exports;
        this.isAllowed = isAllowed;
    }

    // ---- from the importer

    @Override
    boolean isListening()
    {
        return ENDED != state && REFUSED != state;
    }

    @Override
    void otherVersion(final int type, final int version, final int flags)
    {
        if (WELCOMED == state)
        {
            violation("version " + version + " after the WELCOME");
        }
        else
        {
            refuse(Refusal.VERSION);
        }
    }

    @Override
    void onControl(final int type, final int flags, final int link, final long id, final int length)
    {
        if (FrameDescriptor.BYE == type)
        {
            left("the other end has closed the session");
        }
        else if (FrameDescriptor.HELLO == type && NEW == state && length > BodyDescriptor.HELLO_NAME_OFFSET)
        {
            onHello(length);
        }
        else if (FrameDescriptor.PROOF == type && CHALLENGED == state && SharedKey.PROOF_LENGTH == length)
        {
            if (key.isProof(frame.bodyBytes(0, length), SharedKey.IMPORTER, othersNonce, ownNonce))
            {
                state = WELCOME_DUE;
            }
            else
            {
                refuse(Refusal.KEY);
            }
        }
        else if (WELCOMED != state)
        {
            violation("a frame of type " + type + " before the WELCOME");
        }
        else
        {
            onWelcomed(type, link, id, length);
        }
    }

    /**
     * Ends the session, as the importer has gone.
     *
     * @param how it went.
     */
    public void left(final String how)
    {
        if (CHALLENGED == state)
        {
            // The importer has checked this end's proof, and did not send its own.
            counters.count(SessionCounter.REFUSED);
        }
        fail(how + (CHALLENGED == state ? " before it was admitted: its key may be another one" : ""));
    }

    private void onHello(final int length)
    {
        othersNonce = frame.bodyBytes(BodyDescriptor.HELLO_NONCE_OFFSET, SharedKey.NONCE_LENGTH);
        final long othersLostAfterNs = frame.bodyLong(BodyDescriptor.HELLO_LOST_AFTER_OFFSET);
        slotCount = frame.bodyInt(BodyDescriptor.HELLO_SLOT_COUNT_OFFSET);
        final int othersLimit = frame.bodyInt(BodyDescriptor.HELLO_MESSAGE_LIMIT_OFFSET);
        name = new String(frame.bodyBytes(BodyDescriptor.HELLO_NAME_OFFSET, length - BodyDescriptor.HELLO_NAME_OFFSET),
            StandardCharsets.US_ASCII);
        if (othersLostAfterNs <= 0 || slotCount <= 0 || othersLimit < 0)
        {
            violation("a HELLO of " + othersLostAfterNs + " ns, " + slotCount + " slots, " + othersLimit + " bytes");
        }
        else if (!isAllowed)
        {
            refuse(Refusal.NOT_ALLOWED);
        }
        else
        {
            lostAfterNs = Math.min(lostAfterNs, othersLostAfterNs);
            isTooSmall = slotCount > attachment.slotCount() || othersLimit > attachment.messageLimit();
            state = CHALLENGE_DUE;
        }
    }

    private void onWelcomed(final int type, final int number, final long id, final int length)
    {
        final ExportLink link = linksByNumber.get(number);
        if (FrameDescriptor.BEAT == type)
        {
            onEcho(id);
        }
        else if (FrameDescriptor.OPEN == type && BodyDescriptor.OPEN_LENGTH == length && number > 0 &&
            links.size() < MAX_LINKS)
        {
            onOpen(number);
        }
        else if (FrameDescriptor.CLOSE != type && FrameDescriptor.DISPOSE != type)
        {
            violation("a frame of type " + type + " of link " + number + " and length " + length);
        }
        else if (null != link && FrameDescriptor.CLOSE == type)
        {
            close(link);
        }
        else if (null != link)
        {
            link.dispose(id);
        }
    }

    private void onEcho(final long tickNs)
    {
        final long nowNs = clock.nanoTime();
        // A tick that this end never sent would lengthen the lease.
        if (tickNs - lastBeatNs > 0 || tickNs - begunNs < 0)
        {
            violation("the echo of a beat that was never sent");
            return;
        }
        if (!hasLease || tickNs - leaseNs > 0)
        {
            leaseNs = tickNs;
            hasLease = true;
        }
        counters.roundTripNs(nowNs - tickNs);
    }

    private boolean isLeaseOver(final long nowNs)
    {
        return nowNs - leaseNs > lostAfterNs / 100 * LEASE_PERCENT;
    }

    private void onOpen(final int number)
    {
        if (number <= lastNumber)
        {
            counters.count(SessionCounter.DUPLICATES);
            return;
        }
        lastNumber = number;
        final ExportLink link = new ExportLink(this, number, slotCount, attachment.slotCount());
        link.client = "client " + number + ", reported as pid " + frame.bodyInt(BodyDescriptor.OPEN_PID_OFFSET) +
            ", uid " + Credentials.idText(frame.bodyInt(BodyDescriptor.OPEN_UID_OFFSET));
        linksByNumber.put(number, link);
        links.add(link);
        connect(link);
    }

    private void connect(final ExportLink link)
    {
        link.connectNs = ExportLink.NEVER;
        connect((port) -> opened(link, port), (ex) -> notOpened(link, ex));
    }

    private void opened(final ExportLink link, final ClientPort port)
    {
        if (ENDED == state || link.isClosed)
        {
            closePort(port);
        }
        else if (!isServiceKnown || null == service || port.serviceIncarnation() != service.serviceIncarnation())
        {
            // Another registration than the importer knows of: the importer learns of that one first.
            closePort(port);
            link.opened(null, Outcome.UNREACHABLE);
            isServiceGone = true;
            isReplaced = true;
            serviceEnd = Outcome.SERVICE_CLOSED;
        }
        else
        {
            link.opened(port, Outcome.REPLIED);
            listener.on(BridgeEvent.Kind.OPENED, link.client);
        }
    }

    private void notOpened(final ExportLink link, final Exception ex)
    {
        final int status = ex instanceof CapsException ? ((CapsException)ex).status() : Status.OK;
        switch (status)
        {
            case Status.ACCESS_DENIED -> link.opened(null, Outcome.REFUSED);
            case Status.NO_BUFFERS, Status.NO_SPACE -> link.opened(null, Outcome.UNREACHABLE);
            default ->
            {
                // The service has closed or died, which the next look finds; or the cause may pass, such as locked
                // tables or no free descriptor.
                link.connectNs = clock.nanoTime() + RETRY_INTERVAL_NS;
                if (isServiceGone)
                {
                    link.opened(null, serviceEnd);
                }
            }
        }
    }

    private void close(final ExportLink link)
    {
        linksByNumber.remove(link.number);
        links.remove(link);
        closePort(link.close());
    }

    @Override
    Receiver beginMessage(final int type, final int number, final long id, final int length)
    {
        final ExportLink link = linksByNumber.get(number);
        if (FrameDescriptor.REQUEST == type && WELCOMED == state && null != link)
        {
            return link.beginRequest(id, length);
        }
        violation("a frame of type " + type + " of link " + number + " where none is expected");
        return null;
    }

    /**
     * Checked for each request: if this process was stopped until now, the importer may have reported the request as
     * UNREACHABLE.
     */
    boolean mayHandOut()
    {
        if (isLeaseOver(clock.nanoTime()))
        {
            leaseOver();
        }
        return WELCOMED == state;
    }

    // ---- progress

    @Override
    public int doWork()
    {
        final long nowNs = clock.nanoTime();
        if (ENDED == state)
        {
            sendBye();
            return 0;
        }
        if (hasLease ? isLeaseOver(nowNs) : nowNs - begunNs > HANDSHAKE_LIMIT_NS)
        {
            leaseOver();
            return 1;
        }
        switch (state)
        {
            case CHALLENGE_DUE -> sendChallenge();
            case WELCOME_DUE -> sendWelcome(nowNs);
            case REFUSED -> sendRefusal();
            case WELCOMED -> sendBeat(nowNs);
            default ->
            {
                // It is the importer's turn.
            }
        }
        if (!hasLease || WELCOMED != state)
        {
            return 0;
        }
        follow(nowNs);
        return sendInTurn(links.size());
    }

    @Override
    int sendLink(final int index)
    {
        final ExportLink link = links.get(index);
        if (ExportLink.NEVER != link.connectNs && clock.nanoTime() - link.connectNs >= 0)
        {
            connect(link);
        }
        return link.send();
    }

    private void sendBeat(final long nowNs)
    {
        if (nowNs - lastBeatNs > lostAfterNs / BEATS)
        {
            body.putLong(BodyDescriptor.BEAT_ROUND_TRIP_OFFSET, counters.roundTripNs(), FrameFlyweight.ORDER);
            final long tickNs = clock.nanoTime();
            lastBeatNs = send(FrameDescriptor.BEAT, 0, 0, tickNs, BodyDescriptor.BEAT_LENGTH) ? tickNs : lastBeatNs;
        }
    }

    private void sendChallenge()
    {
        body.putBytes(BodyDescriptor.CHALLENGE_NONCE_OFFSET, ownNonce);
        body.putBytes(BodyDescriptor.CHALLENGE_PROOF_OFFSET, key.proof(SharedKey.EXPORTER, othersNonce, ownNonce));
        state = send(FrameDescriptor.CHALLENGE, 0, 0, 0, BodyDescriptor.CHALLENGE_LENGTH) ? CHALLENGED : state;
    }

    private void sendWelcome(final long nowNs)
    {
        // Only an importer with the key learns what is exported, and the size of the region.
        if (!exports.contains(name))
        {
            refuse(Refusal.NOT_EXPORTED);
            return;
        }
        if (isTooSmall)
        {
            refuse(Refusal.GEOMETRY);
            return;
        }
        // It may be found to be an import itself, and the importer is refused.
        findService(nowNs);
        if (WELCOME_DUE == state && 0 == pendingCalls && send(FrameDescriptor.WELCOME, 0, 0, lostAfterNs, 0))
        {
            state = WELCOMED;
            lastBeatNs = clock.nanoTime() - lostAfterNs;
            listener.on(BridgeEvent.Kind.CONNECTED, "");
        }
    }

    // ---- the service

    private void findService(final long nowNs)
    {
        if (null == service && 0 == pendingCalls && nowNs - retryNs >= 0)
        {
            connect(this::connected, (ex) -> retryNs = clock.nanoTime() + RETRY_INTERVAL_NS);
        }
    }

    private void follow(final long nowNs)
    {
        findService(nowNs);
        if (null == service || nowNs - lastLookNs < LOOK_INTERVAL_NS)
        {
            return;
        }
        lastLookNs = nowNs;
        if (!isServiceGone && isServiceKnown && service.get(nothing) != Status.WOULD_BLOCK)
        {
            isServiceGone = true;
            final int end = service.serviceEnd();
            serviceEnd = Outcome.REPLIED == end ? Outcome.UNREACHABLE : end;
        }
        if (isServiceGone)
        {
            sendDown();
        }
        else if (!isServiceKnown || service.serviceGeneration() != sentGeneration)
        {
            sendUp();
        }
    }

    private void connect(final Consumer<ClientPort> done, final Consumer<Exception> failed)
    {
        final PortOptions options = new PortOptions().singleThreaded(true).spinOnly(true);
        call(() -> attachment.client(name, options), done, failed);
    }

    private void connected(final ClientPort port)
    {
        if (ENDED == state)
        {
            closePort(port);
        }
        else if (port.isServiceImported())
        {
            closePort(port);
            refuse(Refusal.IMPORTED);
        }
        else
        {
            service = port;
            isServiceGone = false;
        }
    }

    private boolean sendService(final int end, final long generation)
    {
        body.putLong(BodyDescriptor.SERVICE_GENERATION_OFFSET, generation, FrameFlyweight.ORDER);
        return send(FrameDescriptor.SERVICE, end, 0, service.serviceIncarnation(), BodyDescriptor.SERVICE_LENGTH);
    }

    private boolean sendUp()
    {
        final long generation = service.serviceGeneration();
        if (!sendService(0, generation))
        {
            return false;
        }
        if (!isServiceKnown)
        {
            listener.on(BridgeEvent.Kind.UP, "");
        }
        isServiceKnown = true;
        sentGeneration = generation;
        return true;
    }

    /** A client must not see a reply of a new generation before it can see the generation (R28). */
    boolean sendGeneration(final long generation)
    {
        return generation == sentGeneration || null == service || sendUp();
    }

    /** The outcomes of requests in progress come first: they report more than the end of the service. */
    private void sendDown()
    {
        final boolean isDrained = isReplaced || links.stream().allMatch(ExportLink::isDrained);
        if (isDrained && sendService(serviceEnd, service.serviceGeneration()))
        {
            closePort(service);
            service = null;
            isServiceKnown = false;
            isReplaced = false;
            retryNs = clock.nanoTime();
            listener.on(BridgeEvent.Kind.DOWN, "");
        }
    }

    // ---- the end

    private void refuse(final Refusal reason)
    {
        if (isListening())
        {
            counters.count(SessionCounter.REFUSED);
            closePorts();
            refusal = reason;
            state = REFUSED;
        }
    }

    private void sendRefusal()
    {
        if (send(FrameDescriptor.REFUSE, refusal.number(), 0, 0, 0))
        {
            fail("refused: " + refusal);
            isByeDue = false;
        }
    }

    private void leaseOver()
    {
        left(REFUSED == state ? "refused, and not told: " + refusal :
            hasLease ? "lost: no beat was echoed in time" : CHALLENGED == state ? "silent" : "no handshake");
    }

    /** Ends the session: closes the client ports, and then notifies the importer. */
    @Override
    public void fail(final String reason)
    {
        if (ENDED != state)
        {
            isByeDue = NEW != state;
            state = ENDED;
            closePorts();
            listener.on(BridgeEvent.Kind.ENDED, reason);
        }
    }

    private void closePorts()
    {
        receiver = null;
        while (!links.isEmpty())
        {
            close(links.get(links.size() - 1));
        }
        closePort(service);
        service = null;
    }

    private void closePort(final ClientPort port)
    {
        if (null != port)
        {
            closePort(port, this::linkCount);
        }
    }

    /**
     * After the ports are closed: the importer reports outcomes when it receives BYE, so no request may be handed out
     * after it.
     */
    private void sendBye()
    {
        isByeDue = isByeDue && !(0 == pendingCalls && send(FrameDescriptor.BYE, 0, 0, 0, 0));
    }

    @Override
    public boolean isOver()
    {
        return ENDED == state && 0 == pendingCalls;
    }

    /**
     * @return whether a BYE is still to be sent, which the importer would otherwise wait for.
     */
    public boolean isByeDue()
    {
        return isByeDue;
    }

    /**
     * @return name of the service that the importer asked for; empty before its HELLO.
     */
    public String name()
    {
        return name;
    }

    @Override
    public boolean isServiceUp()
    {
        return isServiceKnown && !isServiceGone;
    }

    @Override
    public int linkCount()
    {
        return links.size();
    }
}
