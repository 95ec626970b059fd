/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkDescriptor;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * One random sequence of operations on several clients and services, and beside it a model in plain collections that
 * says what each must do. All in one thread: what other threads do while one sleeps in a call is done in its sleep.
 */
final class ModelRun
{
    private static final int MAX_CLIENTS = 3;
    private static final int MAX_SERVICES = 2;
    private static final int MAX_CALL_DEPTH = 3;
    private static final int MAX_POLL_DEPTH = 2;
    private static final int LOG_LENGTH = 40;

    /** What a handler throws in the middle of a batch. */
    private static final class Thrown extends RuntimeException
    {
        private static final long serialVersionUID = 1L;

        Thrown()
        {
            super("on purpose", null, false, false);
        }
    }

    private enum ServiceSide
    {
        QUEUED, VANISHED, HELD, ANSWERED
    }

    private enum ClientSide
    {
        PENDING, RETURNED, VIEWED, DONE
    }

    private static final class ModelMessage
    {
        private final long id;
        private final ModelClient client;
        private final byte[] request;
        private final long recordNumber;
        private final boolean isCall;
        private byte[] reply;
        /** The service ended it with an outcome instead of a reply. */
        private boolean isEnded;
        private ServiceSide atService = ServiceSide.QUEUED;
        private ClientSide atClient = ClientSide.PENDING;
        private int outcome;
        private boolean isLent;
        private boolean isClaimed;
        private boolean isDisposalDue;
        private boolean isDisposed;

        ModelMessage(
            final long id,
            final ModelClient client,
            final byte[] request,
            final long recordNumber,
            final boolean isCall)
        {
            this.id = id;
            this.client = client;
            this.request = request;
            this.recordNumber = recordNumber;
            this.isCall = isCall;
        }

        boolean wasReceived()
        {
            return ServiceSide.HELD == atService || ServiceSide.ANSWERED == atService;
        }

        boolean mayBeDisposedOf()
        {
            return !isDisposed && wasReceived() &&
                (client.isClosed || ServiceSide.ANSWERED == atService && ClientSide.DONE == atClient);
        }

        @Override
        public String toString()
        {
            return "message " + id + " of " + client + " " + atService + "/" + atClient;
        }
    }

    private static final class View
    {
        private final Message message;
        private final ModelMessage model;
        private final byte[] bytes;

        View(final Message message, final ModelMessage model, final byte[] bytes)
        {
            this.message = message;
            this.model = model;
            this.bytes = bytes;
        }
    }

    private static final class RequestClaim
    {
        private final Claim claim = new Claim();
        private byte[] bytes;
    }

    private static final class ReplyClaim
    {
        private final Claim claim = new Claim();
        private ModelMessage model;
        private byte[] bytes;
    }

    private static final class ModelService
    {
        private final int number;
        private final Attachment attachment;
        private final ServicePort port;
        private final List<View> views = new ArrayList<>();
        private final List<ReplyClaim> claims = new ArrayList<>();
        private final List<ModelMessage> messages = new ArrayList<>();
        private ModelMessage peeked;
        private int goneKind;

        ModelService(final int number, final Attachment attachment, final ServicePort port)
        {
            this.number = number;
            this.attachment = attachment;
            this.port = port;
        }

        @Override
        public String toString()
        {
            return "service " + number + (0 == goneKind ? "" : " " + Outcome.text(goneKind));
        }
    }

    private static final class ModelClient
    {
        private final int number;
        private final TestHost host;
        private final Attachment attachment;
        private final ClientPort port;
        private final ModelService service;
        private final ArrayDeque<ModelMessage> queued = new ArrayDeque<>();
        private final ArrayDeque<ModelMessage> replies = new ArrayDeque<>();
        private final List<ModelMessage> messages = new ArrayList<>();
        private final List<View> views = new ArrayList<>();
        private final List<RequestClaim> claims = new ArrayList<>();
        private long lastId;
        private long recordCount;
        private long passedAtLeast;
        private int waited;
        private int callDepth;
        private boolean isClosed;

        ModelClient(
            final int number,
            final TestHost host,
            final Attachment attachment,
            final ClientPort port,
            final ModelService service)
        {
            this.number = number;
            this.host = host;
            this.attachment = attachment;
            this.port = port;
            this.service = service;
        }

        int inProgressAtLeast()
        {
            int count = claims.size();
            for (final ModelMessage message : messages)
            {
                if (ClientSide.DONE != message.atClient ||
                    message.isLent && ServiceSide.HELD == message.atService && 0 == service.goneKind)
                {
                    count++;
                }
            }
            return count;
        }

        @Override
        public String toString()
        {
            return "client " + number + (isClosed ? " closed" : "");
        }
    }

    private final Random random;
    private final TestRegion region;
    private final int slotCount;
    private final int messageLimit;
    private final int recordLimit;
    private final List<ModelService> services = new ArrayList<>();
    private final List<ModelClient> clients = new ArrayList<>();
    private final Map<Long, ModelMessage> messageById = new HashMap<>();
    private final ArrayDeque<String> log = new ArrayDeque<>();
    private final UnsafeBuffer source = new UnsafeBuffer(new byte[512]);
    private final Message serviceMessage = new Message();
    private int nextNumber;
    private int sleepCount;
    private int pollDepth;
    private int operationCount;

    ModelRun(final long seed)
    {
        random = new Random(seed);
        slotCount = 1 + random.nextInt(5);
        messageLimit = new int[]{0, 8, 32, 33, 100, 300}[random.nextInt(6)];
        final Geometry geometry = new Geometry(16, 16, 8, slotCount, messageLimit);
        recordLimit = geometry.ringCapacity() / LinkDescriptor.RECORD_LENGTH - 1;
        region = new TestRegion(geometry);
    }

    @Override
    public String toString()
    {
        return "slotCount=" + slotCount + ", messageLimit=" + messageLimit + ", operations=" + operationCount +
            ", last of them:\n  " + String.join("\n  ", log);
    }

    void run(final int count)
    {
        try (region)
        {
            for (int i = 0; i < count; i++)
            {
                operationCount++;
                anyOperation();
            }
            finish();
        }
    }

    private void log(final String text)
    {
        if (log.size() == LOG_LENGTH)
        {
            log.removeFirst();
        }
        log.addLast(text);
    }

    // ---- choosing

    private boolean chance(final int percent)
    {
        return random.nextInt(100) < percent;
    }

    private <T> T pick(final List<T> list)
    {
        return list.isEmpty() ? null : list.get(random.nextInt(list.size()));
    }

    private byte[] anyBytes()
    {
        final int length = switch (random.nextInt(4))
        {
            case 0 -> random.nextInt(messageLimit + 1);
            case 1 -> Math.min(messageLimit, 31 + random.nextInt(3));
            case 2 -> messageLimit;
            default -> Math.min(messageLimit, random.nextInt(9));
        };
        final byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private DirectBuffer source(final byte[] bytes, final int index)
    {
        source.putBytes(index, bytes);
        return source;
    }

    private void anyOperation()
    {
        final int dice = random.nextInt(1000);
        if (dice < 10)
        {
            openService();
        }
        else if (dice < 40)
        {
            openClient();
        }
        else if (dice < 44)
        {
            final ModelService service = pick(services);
            if (null != service)
            {
                endService(service);
            }
        }
        else if (dice < 56)
        {
            final ModelClient client = pick(clients);
            if (null != client)
            {
                endClient(client);
            }
        }
        else if (dice < 70)
        {
            watchAll();
        }
        else if (dice < 500)
        {
            final ModelClient client = pick(clients);
            if (null != client)
            {
                clientOperation(client);
            }
        }
        else
        {
            final ModelService service = pick(services);
            if (null != service)
            {
                serviceOperation(service);
            }
        }
    }

    private void clientOperation(final ModelClient client)
    {
        final int dice = random.nextInt(100);
        if (dice < 35)
        {
            put(client);
        }
        else if (dice < 42)
        {
            claim(client);
        }
        else if (dice < 48)
        {
            putOrCancelClaim(client);
        }
        else if (dice < 62)
        {
            get(client);
        }
        else if (dice < 80)
        {
            release(client);
        }
        else if (dice < 92)
        {
            abort(client);
        }
        else
        {
            call(client);
        }
    }

    private void serviceOperation(final ModelService service)
    {
        final int dice = random.nextInt(100);
        if (dice < 30)
        {
            get(service);
        }
        else if (dice < 50)
        {
            poll(service);
        }
        else if (dice < 80)
        {
            reply(service);
        }
        else if (dice < 86)
        {
            claimReply(service);
        }
        else if (dice < 92)
        {
            sendOrCancelReply(service);
        }
        else if (dice < 96)
        {
            replyInVain(service);
        }
        else
        {
            releaseRequest(service);
        }
    }

    // ---- ports

    private ModelService newest()
    {
        ModelService newest = null;
        for (final ModelService service : services)
        {
            if (0 == service.goneKind)
            {
                newest = service;
            }
        }
        return newest;
    }

    private void openService()
    {
        if (services.size() < MAX_SERVICES)
        {
            final Attachment attachment = region.attach();
            final ServicePort port = attachment.service(TestRegion.NAME,
                new PortOptions().singleThreaded(chance(20)));
            final ModelService service = new ModelService(nextNumber++, attachment, port);
            services.add(service);
            log("open " + service);
        }
    }

    private void openClient()
    {
        if (clients.size() == MAX_CLIENTS)
        {
            return;
        }
        final TestHost host = region.host();
        final Attachment attachment = region.attach(host);
        final PortOptions options = new PortOptions().spinCount(0);
        final ModelService newest = newest();
        if (null == newest)
        {
            assertThatThrownBy(() -> attachment.client(TestRegion.NAME, options))
                .isInstanceOfSatisfying(CapsException.class,
                    (ex) -> assertThat(ex.status()).isEqualTo(Status.NOT_FOUND));
            attachment.close();
            return;
        }
        ClientPort port;
        try
        {
            port = attachment.client(TestRegion.NAME, options);
        }
        catch (final CapsException ex)
        {
            // Links are short when services hold views of messages whose clients are gone, and only then.
            assertThat(ex.status()).as(ex.getMessage()).isEqualTo(Status.NO_BUFFERS);
            for (final ModelService service : services)
            {
                releaseAll(service);
                while (Status.WOULD_BLOCK != get(service, messageLimit))
                {
                    releaseAll(service);
                }
            }
            port = attachment.client(TestRegion.NAME, options);
        }
        final ModelClient client = new ModelClient(nextNumber++, host, attachment, port, newest);
        clients.add(client);
        log("open " + client + " of " + newest);
    }

    private void endService(final ModelService service)
    {
        services.remove(service);
        final boolean isDeath = chance(40);
        log((isDeath ? "abandon " : "close ") + service);
        if (isDeath)
        {
            service.attachment.abandon();
        }
        else if (chance(50))
        {
            service.port.close();
        }
        else
        {
            service.attachment.close();
        }
        service.goneKind = isDeath ? Outcome.SERVICE_DIED : Outcome.SERVICE_CLOSED;
        for (final View view : service.views)
        {
            assertThatThrownBy(view.message::buffer).isInstanceOf(IllegalStateException.class);
            view.message.release();
        }
        for (final ReplyClaim claim : service.claims)
        {
            assertThat(claim.claim.reply()).isEqualTo(Status.CLOSED);
        }
        if (isDeath && chance(30))
        {
            // Somebody else finds the dead one first and removes what it left.
            region.attach().close();
        }
        if (isDeath)
        {
            watchAll();
        }
        service.attachment.close();
    }

    private void endClient(final ModelClient client)
    {
        final boolean isDeath = chance(40);
        log((isDeath ? "abandon " : "close ") + client);
        clients.remove(client);
        client.isClosed = true;
        if (isDeath)
        {
            client.attachment.abandon();
        }
        else if (client.callDepth > 0 || chance(50))
        {
            client.port.close();
        }
        else
        {
            client.attachment.close();
        }
        for (final View view : client.views)
        {
            assertThatThrownBy(view.message::buffer).isInstanceOf(IllegalStateException.class);
            view.message.release();
        }
        for (final RequestClaim claim : client.claims)
        {
            assertThat(claim.claim.put()).isEqualTo(Status.CLOSED);
        }
        for (final ModelMessage message : client.queued)
        {
            message.atService = ServiceSide.VANISHED;
        }
        client.queued.clear();
        assertThat(client.port.get(new Message())).isEqualTo(Status.CLOSED);
        assertThat(client.port.put(source, 0, 0)).isEqualTo(Status.CLOSED);
        if (isDeath)
        {
            if (chance(30))
            {
                region.attach().close();
            }
            watchAll();
        }
        if (0 == client.callDepth)
        {
            // It waits for its sleepers, and this thread may be one.
            client.attachment.close();
        }
        for (final ModelMessage message : client.messages)
        {
            message.isDisposalDue |= message.wasReceived();
        }
    }

    private void watchAll()
    {
        for (final ModelService service : services)
        {
            service.attachment.watch().doWork();
        }
        for (final ModelClient client : clients)
        {
            client.attachment.watch().doWork();
        }
    }

    // ---- the client's

    /** What a put must answer for want of slots, of records or of a service; 0 if it must be accepted. */
    private int refusal(final ModelClient client, final boolean needsSlot, final boolean needsRecord)
    {
        if (0 != client.service.goneKind)
        {
            return Status.NOT_CONNECTED;
        }
        if (needsSlot && client.inProgressAtLeast() >= slotCount)
        {
            return Status.NO_BUFFERS;
        }
        // Messages that were aborted before the service saw them stay in the ring until it passes them.
        long passedAtMost = client.recordCount;
        for (final ModelMessage queued : client.queued)
        {
            // What is in a batch was passed.
            if (queued.id > received(client))
            {
                passedAtMost = queued.recordNumber;
                break;
            }
        }
        return needsRecord && client.recordCount - passedAtMost >= recordLimit ? Status.NO_BUFFERS : Status.OK;
    }

    private boolean mayLackRecord(final ModelClient client)
    {
        return client.recordCount - (client.passedAtLeast - LinkDescriptor.DRAIN_INTERVAL + 1) >= recordLimit;
    }

    private ModelMessage accepted(
        final ModelClient client, final long id, final byte[] request, final boolean isCall)
    {
        assertThat(id).as("ids rise and never come again").isGreaterThan(client.lastId);
        client.lastId = id;
        final ModelMessage message = new ModelMessage(id, client, request, client.recordCount++, isCall);
        assertThat(messageById.put(id, message)).as("ids never come again").isNull();
        client.queued.add(message);
        client.messages.add(message);
        client.service.messages.add(message);
        return message;
    }

    private void put(final ModelClient client)
    {
        final byte[] request = anyBytes();
        final int refusal = refusal(client, true, true);
        final int index = random.nextInt(8);
        final long id = client.port.put(source(request, index), index, request.length);
        log("put " + request.length + " by " + client + ": " + Status.text(id));
        source.setMemory(0, source.capacity(), (byte)0xEE);
        if (id > 0)
        {
            assertThat(refusal).as(Status.text(refusal)).isZero();
            accepted(client, id, request, false);
        }
        else
        {
            assertRefused(client, refusal, id);
        }
    }

    private void assertRefused(final ModelClient client, final int refusal, final long result)
    {
        if (Status.OK == refusal && Status.NO_BUFFERS == result)
        {
            assertThat(mayLackRecord(client)).as("no buffers without a reason").isTrue();
        }
        else
        {
            assertThat(Status.text(result)).isEqualTo(Status.text(refusal));
        }
    }

    private void claim(final ModelClient client)
    {
        final RequestClaim claim = new RequestClaim();
        claim.bytes = anyBytes();
        final int length = claim.bytes.length + random.nextInt(messageLimit - claim.bytes.length + 1);
        final int refusal = refusal(client, true, false);
        final int result = client.port.claim(length, claim.claim);
        log("claim " + length + " by " + client + ": " + Status.text(result));
        assertThat(Status.text(result)).isEqualTo(Status.text(refusal));
        if (Status.OK == result)
        {
            assertThat(claim.claim.length()).isEqualTo(length);
            claim.claim.buffer().putBytes(0, claim.bytes);
            client.claims.add(claim);
        }
        else
        {
            assertThat(claim.claim.isFilled()).isFalse();
        }
    }

    private void putOrCancelClaim(final ModelClient client)
    {
        final RequestClaim claim = pick(client.claims);
        if (null == claim)
        {
            return;
        }
        if (chance(30))
        {
            log("cancel claim by " + client);
            claim.claim.cancel();
            client.claims.remove(claim);
            return;
        }
        final int refusal = refusal(client, false, true);
        final long id = claim.claim.put(claim.bytes.length);
        log("put claim of " + claim.bytes.length + " by " + client + ": " + Status.text(id));
        if (id > 0)
        {
            assertThat(refusal).as(Status.text(refusal)).isZero();
            client.claims.remove(claim);
            accepted(client, id, claim.bytes, false);
        }
        else
        {
            assertRefused(client, refusal, id);
            if (Status.NO_BUFFERS == id)
            {
                assertThat(claim.claim.isFilled()).isTrue();
            }
            else
            {
                assertThat(claim.claim.isFilled()).isFalse();
                client.claims.remove(claim);
            }
        }
    }

    private ModelMessage nextOf(final ModelClient client)
    {
        if (!client.replies.isEmpty())
        {
            return client.replies.peek();
        }
        ModelMessage next = oldest(client, ClientSide.RETURNED);
        if (null == next && 0 != client.service.goneKind)
        {
            next = oldest(client, ClientSide.PENDING);
            if (null != next)
            {
                next.outcome = goneOutcome(next);
            }
        }
        return next;
    }

    /** A service that closes says what it handed out; one that dies in a batch may have received all of it. */
    private static int goneOutcome(final ModelMessage message)
    {
        final int kind = message.client.service.goneKind;
        final boolean wasReceived =
            message.wasReceived() || Outcome.SERVICE_DIED == kind && message.id <= received(message.client);
        return kind | (wasReceived ? Outcome.RECEIVED : 0);
    }

    private static long received(final ModelClient client)
    {
        return client.host.link(client.port.entry.linkIndex()).getLongVolatile(LinkDescriptor.RECEIVED_OFFSET);
    }

    private static ModelMessage oldest(final ModelClient client, final ClientSide state)
    {
        for (final ModelMessage message : client.messages)
        {
            if (state == message.atClient && !message.isCall)
            {
                return message;
            }
        }
        return null;
    }

    private int get(final ModelClient client)
    {
        final ModelMessage expected = nextOf(client);
        final int limit = chance(20) ? random.nextInt(messageLimit + 1) : messageLimit;
        if (chance(10))
        {
            assertThat(client.port.isReady()).as("ready").isEqualTo(null != expected || 0 != client.service.goneKind);
        }
        final Message message = new Message();
        final int result = chance(80) ? client.port.get(message, limit) : awaitNow(client.port, message, limit);
        log("get " + limit + " by " + client + ": " + Status.text(result) + ", expected " + expected);
        if (null == expected)
        {
            assertThat(Status.text(result)).isEqualTo(Status.text(
                0 == client.service.goneKind ? Status.WOULD_BLOCK : Status.NOT_CONNECTED));
            settle(client);
            return result;
        }
        assertThat(result).isEqualTo(MessageState.REPLY);
        assertThat(message.id()).isEqualTo(expected.id);
        if (Outcome.REPLIED == expected.outcome && expected.reply.length > limit)
        {
            assertShown(message, expected);
            assertThat(message.isView()).as("too long for a view").isFalse();
            return result;
        }
        if (expected == client.replies.peek())
        {
            client.replies.remove();
        }
        taken(client, message, expected);
        return result;
    }

    private static int awaitNow(final Port port, final Message message, final int limit)
    {
        final int result = port.await(message, limit, 0);
        return Status.TIMED_OUT == result ? Status.WOULD_BLOCK : result;
    }

    private void assertShown(final Message message, final ModelMessage expected)
    {
        assertThat(message.state()).isEqualTo(MessageState.REPLY);
        assertThat(message.id()).isEqualTo(expected.id);
        assertThat(Outcome.text(message.outcome())).isEqualTo(Outcome.text(expected.outcome));
        assertThat(message.length()).isEqualTo(
            Outcome.REPLIED == expected.outcome ? expected.reply.length : 0);
        assertThat(message.credentials().euid()).isEqualTo(TestRegion.UID);
    }

    private void taken(final ModelClient client, final Message message, final ModelMessage expected)
    {
        assertShown(message, expected);
        assertThat(message.isView()).isTrue();
        final byte[] bytes = Outcome.REPLIED == expected.outcome ? expected.reply : new byte[0];
        assertBytes(message, bytes);
        expected.atClient = ClientSide.VIEWED;
        client.views.add(new View(message, expected, bytes));
        if (chance(50))
        {
            release(client);
        }
    }

    private static void assertBytes(final Message message, final byte[] expected)
    {
        final byte[] bytes = new byte[message.length()];
        if (Outcome.REPLIED != message.outcome())
        {
            assertThat(expected).isEmpty();
            return;
        }
        message.buffer().getBytes(0, bytes);
        assertThat(message.buffer().capacity()).isEqualTo(expected.length);
        if (!Arrays.equals(bytes, expected))
        {
            assertThat(bytes).as("payload of message " + message.id()).isEqualTo(expected);
        }
    }

    /** A client that found nothing has noticed each late reply. */
    private void settle(final ModelClient client)
    {
        for (final ModelMessage message : client.messages)
        {
            message.isDisposalDue |= message.mayBeDisposedOf();
        }
        assertThat(client.port.inProgress()).as("in progress of " + client).isEqualTo(client.inProgressAtLeast());
        client.messages.removeIf((message) -> ClientSide.DONE == message.atClient &&
            !(message.isLent && ServiceSide.HELD == message.atService));
    }

    private void release(final ModelClient client)
    {
        final View view = pick(client.views);
        if (null != view)
        {
            log("release " + view.model);
            assertBytes(view.message, view.bytes);
            view.message.release();
            client.views.remove(view);
            view.model.atClient = ClientSide.DONE;
            view.model.isDisposalDue |= Outcome.REPLIED == view.model.outcome || view.model.isEnded;
            assertThatThrownBy(view.message::buffer).isInstanceOf(IllegalStateException.class);
            if (chance(10))
            {
                view.message.release();
            }
        }
    }

    private void abort(final ModelClient client)
    {
        final ModelMessage message = pick(client.messages);
        if (null == message || chance(5))
        {
            final long id = null == message ? random.nextLong() : message.id ^ (1L << random.nextInt(64));
            final ModelMessage other = messageById.get(id);
            if (null == other || other.client != client)
            {
                assertThat(client.port.abort(id, chance(50))).isEqualTo(Status.INVALID);
            }
            return;
        }
        abort(client, message, chance(60));
    }

    private void abort(final ModelClient client, final ModelMessage message, final boolean isHard)
    {
        final int expected;
        if (ClientSide.RETURNED == message.atClient)
        {
            expected = AbortResult.RETURNED;
        }
        else if (ClientSide.PENDING != message.atClient)
        {
            expected = Status.INVALID;
        }
        else if (0 != client.service.goneKind || ServiceSide.ANSWERED == message.atService)
        {
            expected = AbortResult.RETURNED;
        }
        else
        {
            expected = ServiceSide.QUEUED == message.atService ? AbortResult.BEFORE_SERVER : AbortResult.AT_SERVER;
        }
        final int result = client.port.abort(message.id, isHard);
        log("abort " + (isHard ? "hard " : "soft ") + message + ": " + result);
        assertThat(result).isEqualTo(expected);
        if (AbortResult.BEFORE_SERVER == result)
        {
            returned(message, false);
        }
        else if (AbortResult.AT_SERVER == result && isHard)
        {
            returned(message, true);
        }
    }

    private void returned(final ModelMessage message, final boolean isAtServer)
    {
        message.atClient = ClientSide.RETURNED;
        message.outcome = isAtServer ? Outcome.ABORTED | Outcome.RECEIVED : Outcome.ABORTED;
        if (isAtServer)
        {
            message.isLent = true;
        }
        else
        {
            message.atService = ServiceSide.VANISHED;
            message.client.queued.remove(message);
        }
    }

    private void call(final ModelClient client)
    {
        if (client.callDepth == MAX_CALL_DEPTH)
        {
            return;
        }
        final byte[] request = anyBytes();
        final int refusal = refusal(client, true, true);
        final Message reply = new Message();
        final boolean isPatient = chance(80);
        final ModelMessage[] called = new ModelMessage[1];
        final long idBefore = client.lastId;
        final int outerSleepCount = sleepCount;
        final Runnable outer = client.host.onSleep;
        sleepCount = 0;
        client.host.onSleep = () -> whileAsleep(client, called, request, idBefore);
        client.callDepth++;
        log("call " + request.length + " by " + client + (isPatient ? " patiently" : ""));
        final int result;
        try
        {
            result = client.port.call(
                source(request, 0), 0, request.length, reply, isPatient ? Long.MAX_VALUE : 0);
        }
        finally
        {
            client.callDepth--;
            client.host.onSleep = outer;
            sleepCount = outerSleepCount;
            Thread.interrupted();
        }
        log("call by " + client + " ends: " + Status.text(result));
        if (client.isClosed)
        {
            assertThat(result).isEqualTo(Status.CLOSED);
            return;
        }
        if (Status.NO_BUFFERS == result || Status.NOT_CONNECTED == result)
        {
            assertRefused(client, refusal, result);
            return;
        }
        if (null == called[0])
        {
            assertThat(refusal).as(Status.text(refusal)).isZero();
            called[0] = accepted(client, reply.id(), request, true);
        }
        final ModelMessage message = called[0];
        assertThat(reply.id()).isEqualTo(message.id);
        if (MessageState.REPLY == result)
        {
            if (ClientSide.RETURNED != message.atClient)
            {
                if (ServiceSide.ANSWERED != message.atService)
                {
                    assertThat(client.service.goneKind).isNotZero();
                    message.outcome = goneOutcome(message);
                }
            }
            taken(client, reply, message);
            return;
        }
        assertThat(Status.text(result)).isEqualTo(
            Status.text(isPatient ? Status.INTERRUPTED : Status.TIMED_OUT));
        assertThat(ServiceSide.ANSWERED).isNotEqualTo(message.atService);
        assertThat(message.atClient).isEqualTo(ClientSide.PENDING);
        assertThat(client.service.goneKind).isZero();
        assertThat(reply.isView()).isFalse();
        returned(message, ServiceSide.HELD == message.atService);
        assertThat(Outcome.text(reply.outcome())).isEqualTo(Outcome.text(message.outcome));
        message.atClient = ClientSide.DONE;
    }

    /** What other threads and processes do while a call sleeps. */
    private void whileAsleep(
        final ModelClient client, final ModelMessage[] called, final byte[] request, final long idBefore)
    {
        if (null == called[0])
        {
            // No one but the client knows the id of a call before its service receives it: here it is that of the
            // put before the first sleep, which was the last one.
            called[0] = accepted(client, nextIdAfter(client, idBefore), request, true);
        }
        final ModelMessage message = called[0];
        if (ClientSide.PENDING != message.atClient || ServiceSide.ANSWERED == message.atService ||
            0 != client.service.goneKind || client.isClosed)
        {
            throw new AssertionError("asleep though the call is over: " + message);
        }
        final int count = random.nextInt(6);
        for (int i = 0; i < count && !isOver(message); i++)
        {
            anyOperation();
        }
        if (!isOver(message) && ++sleepCount > 4)
        {
            if (ServiceSide.HELD == message.atService && !message.isClaimed && chance(70))
            {
                reply(client.service, message);
            }
            else if (sleepCount > 12 || chance(30))
            {
                log("interrupt");
                Thread.currentThread().interrupt();
            }
        }
    }

    private static boolean isOver(final ModelMessage message)
    {
        return message.client.isClosed || ClientSide.PENDING != message.atClient ||
            ServiceSide.ANSWERED == message.atService || 0 != message.client.service.goneKind;
    }

    /** The id that a put has just got, by the slots of the link, which a test may look into. */
    private long nextIdAfter(final ModelClient client, final long idBefore)
    {
        long id = 0;
        for (int slot = 0; slot < slotCount; slot++)
        {
            final long found = Math.abs(client.host.link(client.port.entry.linkIndex())
                .getLongVolatile(region.geometry.requestHalfOffset(slot)));
            id = Math.max(id, found);
        }
        assertThat(id).isGreaterThan(idBefore);
        return id;
    }

    // ---- the service's

    private int get(final ModelService service)
    {
        return get(service, chance(20) ? random.nextInt(messageLimit + 1) : messageLimit);
    }

    private int get(final ModelService service, final int limit)
    {
        final boolean isAsked = chance(10);
        final boolean isReady = isAsked && service.port.isReady();
        final boolean isKept = chance(40);
        final Message message = isKept ? new Message() : serviceMessage;
        final int result = chance(80) ?
            service.port.get(message, limit) : awaitNow(service.port, message, limit);
        log("get " + limit + " by " + service + ": " + Status.text(result) + (result >= 0 ? " " + message.id() : ""));
        if (isAsked)
        {
            assertThat(isReady).as("ready").isEqualTo(Status.WOULD_BLOCK != result);
        }
        if (Status.WOULD_BLOCK == result)
        {
            for (final ModelClient client : clients)
            {
                if (client.service == service)
                {
                    assertThat(client.queued).as("not received of " + client).isEmpty();
                    client.passedAtLeast = client.recordCount;
                }
            }
            for (final ModelMessage disposed : service.messages)
            {
                assertThat(disposed.isDisposalDue && !disposed.isDisposed).as("no DISPOSE for " + disposed).isFalse();
            }
            service.messages.removeIf((done) -> done.isDisposed || ServiceSide.VANISHED == done.atService);
            return result;
        }
        final ModelMessage model = messageById.get(message.id());
        assertThat(model).as("message " + message.id()).isNotNull();
        assertThat(model.client.service).isSameAs(service);
        assertThat(message.state()).isEqualTo(result);
        assertThat(message.credentials().euid()).isEqualTo(TestRegion.UID);
        if (MessageState.DISPOSE == result)
        {
            assertThat(message.isView()).isFalse();
            assertThat(message.length()).isZero();
            disposed(model);
            return result;
        }
        assertThat(result).isEqualTo(MessageState.REQUEST);
        received(service, message, model, limit);
        if (isKept && message.isView())
        {
            service.views.add(new View(message, model, model.request));
        }
        return result;
    }

    private static void disposed(final ModelMessage model)
    {
        assertThat(model.isDisposed).as("second DISPOSE for " + model).isFalse();
        assertThat(model.mayBeDisposedOf()).as("DISPOSE too early for " + model).isTrue();
        model.isDisposed = true;
    }

    /** A batch, in the middle of which other things happen. What a failure leaves of it is taken at once. */
    private void poll(final ModelService service)
    {
        if (pollDepth == MAX_POLL_DEPTH)
        {
            return;
        }
        final int limit = 1 + random.nextInt(8);
        log("poll " + limit + " by " + service);
        pollDepth++;
        try
        {
            final int result = service.port.poll(new Handler(service, chance(20)), limit);
            if (0 != service.goneKind)
            {
                assertThat(result).isNotNegative();
            }
        }
        catch (final Thrown ex)
        {
            // No abort and no call may meet the rest: the model does not follow those.
            while (0 == service.goneKind && service.port.poll(new Handler(service, false), 8) > 0)
            {
                log("poll the rest by " + service);
            }
        }
        finally
        {
            pollDepth--;
        }
    }

    private final class Handler implements MessageHandler
    {
        private final ModelService service;
        private final boolean isThrowing;

        Handler(final ModelService service, final boolean isThrowing)
        {
            this.service = service;
            this.isThrowing = isThrowing;
        }

        @Override
        public void onMessage(final Message message)
        {
            final ModelMessage model = messageById.get(message.id());
            log("handle " + model);
            assertThat(model.client.service).isSameAs(service);
            assertThat(message.state()).isEqualTo(MessageState.REQUEST);
            received(service, message, model, messageLimit);
            if (!model.isClaimed && chance(50))
            {
                replyInPlace(service, message, model);
            }
            for (int i = random.nextInt(3); i > 0; i--)
            {
                operationInHandler(service);
            }
            if (isThrowing && chance(30))
            {
                throw new Thrown();
            }
        }

        @Override
        public void onDispose(final long id)
        {
            final ModelMessage model = messageById.get(id);
            assertThat(model.client.service).isSameAs(service);
            disposed(model);
        }
    }

    private void operationInHandler(final ModelService service)
    {
        if (0 != service.goneKind)
        {
            return;
        }
        final ModelClient client = pick(clients);
        final int dice = random.nextInt(100);
        if (null == client || dice < 20)
        {
            reply(service);
        }
        else if (dice < 30)
        {
            get(service);
        }
        else if (dice < 40)
        {
            poll(service);
        }
        else if (dice < 60)
        {
            put(client);
        }
        else if (dice < 75)
        {
            get(client);
        }
        else if (dice < 90)
        {
            release(client);
        }
        else if (dice < 92 && 0 == client.callDepth)
        {
            endClient(client);
        }
        else if (dice < 94)
        {
            endService(service);
        }
        else
        {
            watchAll();
        }
    }

    private void replyInPlace(final ModelService service, final Message message, final ModelMessage model)
    {
        final byte[] reply = anyBytes();
        final MutableDirectBuffer buffer =
            message.replyBuffer(reply.length + random.nextInt(messageLimit - reply.length + 1));
        if (null != buffer)
        {
            buffer.putBytes(0, reply);
            assertBytes(message, model.request);
            if (chance(10))
            {
                log("drop reply in place to " + model);
                message.release();
                return;
            }
        }
        final int result = message.reply(reply.length);
        log("reply in place " + reply.length + " to " + model + ": " + Status.text(result));
        replied(service, model, reply, result);
    }

    private void received(
        final ModelService service, final Message message, final ModelMessage model, final int limit)
    {
        if (null != service.peeked && !service.peeked.client.isClosed)
        {
            assertThat(model).as("first in line").isSameAs(service.peeked);
        }
        if (model == service.peeked)
        {
            service.peeked = null;
        }
        else
        {
            service.peeked = null;
            assertThat(model.client.isClosed).as("received of a closed client").isFalse();
            assertThat(model).isSameAs(model.client.queued.peek());
            model.client.queued.remove();
            model.atService = ServiceSide.HELD;
            model.client.passedAtLeast = model.recordNumber + 1;
            if (0 == pollDepth)
            {
                assertFair(model.client);
            }
            else
            {
                model.client.waited = 0;
            }
        }
        assertThat(message.length()).isEqualTo(model.request.length);
        if (model.request.length > limit)
        {
            assertThat(message.isView()).as("too long for a view").isFalse();
            service.peeked = model;
        }
        else
        {
            assertBytes(message, model.request);
        }
    }

    private void assertFair(final ModelClient served)
    {
        served.waited = 0;
        for (final ModelClient client : clients)
        {
            if (client != served && client.service == served.service && !client.queued.isEmpty())
            {
                client.waited++;
                assertThat(client.waited).as("others received while " + client + " waited")
                    .isLessThanOrEqualTo(2 * MAX_CLIENTS);
            }
        }
    }

    private ModelMessage anyHeld(final ModelService service)
    {
        final List<ModelMessage> held = new ArrayList<>();
        for (final ModelMessage message : service.messages)
        {
            if (ServiceSide.HELD == message.atService && !message.isDisposed && !message.isClaimed)
            {
                held.add(message);
            }
        }
        return pick(held);
    }

    private View viewOf(final ModelService service, final ModelMessage message)
    {
        for (final View view : service.views)
        {
            if (view.model == message)
            {
                return view;
            }
        }
        return null;
    }

    private void reply(final ModelService service)
    {
        final ModelMessage message = anyHeld(service);
        if (null != message)
        {
            reply(service, message);
        }
    }

    private void reply(final ModelService service, final ModelMessage message)
    {
        final View view = viewOf(service, message);
        if (chance(15))
        {
            end(service, message, view);
            return;
        }
        final byte[] reply = anyBytes();
        final int index = random.nextInt(8);
        final int result;
        if (null != view)
        {
            assertBytes(view.message, view.bytes);
        }
        if (null != view && chance(50))
        {
            result = view.message.reply(source(reply, index), index, reply.length);
            assertThat(view.message.isView()).isFalse();
        }
        else
        {
            if (null != view)
            {
                view.message.release();
            }
            result = service.port.reply(message.id, source(reply, index), index, reply.length);
        }
        service.views.remove(view);
        source.setMemory(0, source.capacity(), (byte)0xEE);
        log("reply " + reply.length + " to " + message + ": " + Status.text(result));
        replied(service, message, reply, result);
    }

    /** Instead of replying, as a service does that stands in for another (B7). */
    private void end(final ModelService service, final ModelMessage message, final View view)
    {
        final int kind = 1 + random.nextInt(Outcome.REFUSED);
        final int outcome = Outcome.ABORTED == kind ? Outcome.UNREACHABLE :
            Outcome.REFUSED != kind && random.nextBoolean() ? kind | Outcome.RECEIVED : kind;
        final boolean isByView = null != view && random.nextBoolean();
        if (null != view && !isByView)
        {
            view.message.release();
        }
        final int result = isByView ? view.message.end(outcome) : service.port.end(message.id, outcome);
        service.views.remove(view);
        log("end " + message + " with " + Outcome.text(outcome) + ": " + Status.text(result));
        replied(service, message, new byte[0], result);
        if (Status.OK == result && !message.client.isClosed)
        {
            assertThat(service.port.isConnected(message.client.port.incarnation())).isTrue();
            if (!message.isLent)
            {
                message.isEnded = true;
                message.outcome = outcome;
            }
        }
    }

    private void replied(
        final ModelService service, final ModelMessage message, final byte[] reply, final int result)
    {
        if (service.peeked == message)
        {
            service.peeked = null;
        }
        if (message.client.isClosed)
        {
            assertThat(result).isIn(Status.OK, Status.INVALID);
            return;
        }
        assertThat(Status.text(result)).isEqualTo(Status.text(Status.OK));
        message.atService = ServiceSide.ANSWERED;
        message.reply = reply;
        if (!message.isLent && !message.isCall)
        {
            message.client.replies.add(message);
        }
    }

    private void claimReply(final ModelService service)
    {
        final ModelMessage message = anyHeld(service);
        if (null == message)
        {
            return;
        }
        final ReplyClaim claim = new ReplyClaim();
        claim.model = message;
        claim.bytes = anyBytes();
        final int length = claim.bytes.length + random.nextInt(messageLimit - claim.bytes.length + 1);
        final View view = viewOf(service, message);
        final int result = null != view && chance(50) ?
            view.message.claimReply(length, claim.claim) : service.port.claim(message.id, length, claim.claim);
        log("claim reply of " + length + " to " + message + ": " + Status.text(result));
        if (message.client.isClosed && Status.INVALID == result)
        {
            assertThat(claim.claim.isFilled()).isFalse();
            return;
        }
        assertThat(Status.text(result)).isEqualTo(Status.text(Status.OK));
        if (null != view)
        {
            assertBytes(view.message, view.bytes);
        }
        claim.claim.buffer().putBytes(0, claim.bytes);
        if (null != view)
        {
            assertBytes(view.message, view.bytes);
        }
        message.isClaimed = true;
        service.claims.add(claim);
    }

    private void sendOrCancelReply(final ModelService service)
    {
        final ReplyClaim claim = pick(service.claims);
        if (null == claim)
        {
            return;
        }
        service.claims.remove(claim);
        if (chance(30))
        {
            log("cancel reply to " + claim.model);
            claim.claim.cancel();
            claim.model.isClaimed = false;
            return;
        }
        final View view = viewOf(service, claim.model);
        if (null != view)
        {
            assertBytes(view.message, view.bytes);
            view.message.release();
            service.views.remove(view);
        }
        final int result = claim.claim.reply(claim.bytes.length);
        log("send reply to " + claim.model + ": " + Status.text(result));
        claim.model.isClaimed = false;
        replied(service, claim.model, claim.bytes, result);
    }

    /** A second reply, or one to what was not received here. */
    private void replyInVain(final ModelService service)
    {
        final ModelMessage message = pick(new ArrayList<>(messageById.values()));
        if (null != message && (message.client.service != service || ServiceSide.HELD != message.atService ||
            message.isClaimed || message.isDisposed))
        {
            assertThat(service.port.reply(message.id, source, 0, 0)).isEqualTo(Status.INVALID);
            assertThat(service.port.claim(message.id, 0, new Claim())).isEqualTo(Status.INVALID);
        }
        else
        {
            assertThat(service.port.reply(-random.nextInt(3), source, 0, 0)).isEqualTo(Status.INVALID);
        }
    }

    private void releaseRequest(final ModelService service)
    {
        final View view = pick(service.views);
        if (null != view)
        {
            assertBytes(view.message, view.bytes);
            view.message.release();
            service.views.remove(view);
        }
    }

    private void releaseAll(final ModelService service)
    {
        serviceMessage.release();
        while (!service.views.isEmpty())
        {
            releaseRequest(service);
        }
        for (final ReplyClaim claim : service.claims)
        {
            claim.claim.cancel();
            claim.model.isClaimed = false;
        }
        service.claims.clear();
    }

    // ---- the end

    /** All that is open comes to its end: each message to one outcome, each reply to one disposal. */
    private void finish()
    {
        log("finish");
        for (final ModelClient client : clients)
        {
            for (final RequestClaim claim : client.claims)
            {
                claim.claim.cancel();
            }
            client.claims.clear();
        }
        for (int round = 0; round < 2; round++)
        {
            for (final ModelService service : services)
            {
                releaseAll(service);
                while (Status.WOULD_BLOCK != get(service, messageLimit))
                {
                    releaseAll(service);
                }
                for (ModelMessage message = anyHeld(service); null != message; message = anyHeld(service))
                {
                    if (message.client.isClosed)
                    {
                        throw new AssertionError("not disposed of: " + message);
                    }
                    reply(service, message);
                }
            }
            for (final ModelClient client : clients)
            {
                while (get(client) >= 0)
                {
                    while (!client.views.isEmpty())
                    {
                        release(client);
                    }
                }
                while (!client.views.isEmpty())
                {
                    release(client);
                }
                settle(client);
                assertThat(client.port.inProgress()).as("in progress of " + client).isZero();
            }
        }
        for (final ModelService service : services)
        {
            while (Status.WOULD_BLOCK != get(service, messageLimit))
            {
                serviceMessage.release();
            }
            assertThat(service.messages).allMatch((message) -> message.isDisposed);
        }
        // A service's views of messages of gone clients, if there are any, keep their links.
        serviceMessage.release();
    }
}
