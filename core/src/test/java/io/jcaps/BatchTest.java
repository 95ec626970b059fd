/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import io.jcaps.host.SteppingHost;
import io.jcaps.layout.ClientCounter;
import io.jcaps.layout.Geometry;
import io.jcaps.layout.LinkDescriptor;
import io.jcaps.layout.ServiceCounter;
import io.jcaps.layout.SlotDescriptor;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Requests in batches, replies to a handler, and requests and replies in place without claims: also events in the
 * middle of a batch.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BatchTest
{
    private static final int SLOT_COUNT = 64;
    /** ServicePort looks at clients with many replies out once in this many polls. */
    private static final int THOROUGH_LOOK_INTERVAL = 32;
    private static final int LIMIT = 128;

    private final TestRegion region = new TestRegion(new Geometry(8, 16, 8, SLOT_COUNT, 200));
    private final ServicePort service = region.service();
    private final ClientPort client = region.client();
    private final UnsafeBuffer bytes = new UnsafeBuffer(new byte[200]);
    private final Message message = new Message();
    private final List<Long> handled = new ArrayList<>();
    private final List<Long> disposed = new ArrayList<>();

    @AfterEach
    void close()
    {
        region.close();
    }

    /** Records each message, and then calls the test. */
    private final class Handler implements MessageHandler
    {
        private final Consumer<Message> then;

        Handler(final Consumer<Message> then)
        {
            this.then = then;
        }

        @Override
        public void onMessage(final Message message)
        {
            assertThat(message.isView()).isTrue();
            handled.add(message.id());
            then.accept(message);
        }

        @Override
        public void onDispose(final long id)
        {
            disposed.add(id);
        }
    }

    private int poll(final ServicePort service, final Consumer<Message> then)
    {
        return service.poll(new Handler(then), LIMIT);
    }

    /** Polls so often that disposals are found even if many replies are out; returns the number of messages. */
    private int pollIdle()
    {
        int count = 0;
        for (int i = 0; i < THOROUGH_LOOK_INTERVAL; i++)
        {
            count += poll(service, BatchTest::echo);
        }
        return count;
    }

    private void pollAll()
    {
        while (pollIdle() > 0)
        {
            Thread.onSpinWait();
        }
    }

    private static void echo(final Message message)
    {
        final int length = message.length();
        final MutableDirectBuffer reply = message.replyBuffer(length);
        assertThat(reply.capacity()).isEqualTo(length);
        reply.putBytes(0, message.buffer(), 0, length);
        assertThat(message.reply(length)).isEqualTo(Status.OK);
        assertThat(message.isView()).isFalse();
    }

    private List<Long> put(final ClientPort client, final int count)
    {
        final List<Long> ids = new ArrayList<>();
        for (int i = 0; i < count; i++)
        {
            // In the slot, and in the cell.
            final int length = 0 == i % 2 ? 8 : 100;
            final MutableDirectBuffer buffer = client.next(length);
            assertThat(buffer.capacity()).isEqualTo(length);
            buffer.putInt(0, i);
            final long id = client.put(length);
            assertThat(id).isPositive();
            ids.add(id);
        }
        return ids;
    }

    private void assertOutcome(final ClientPort client, final long id, final int outcome)
    {
        assertThat(client.get(message)).isEqualTo(MessageState.REPLY);
        assertThat(message.id()).isEqualTo(id);
        assertThat(Outcome.text(message.outcome())).isEqualTo(Outcome.text(outcome));
        message.release();
    }

    private void assertNothingLeft()
    {
        assertThat(client.get(message)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(client.inProgress()).isZero();
        assertThat(service.get(message)).isEqualTo(Status.WOULD_BLOCK);
    }

    @Test
    @DisplayName("R19, R20, R21: requests come in the order of their puts, replies in theirs, with one disposal each")
    void shouldServeInBatches()
    {
        final List<Long> ids = new ArrayList<>();
        final List<Long> replied = new ArrayList<>();
        for (int round = 0; round < 20; round++)
        {
            final int count = 1 + round * 7 % SLOT_COUNT;
            ids.addAll(put(client, count));
            assertThat(poll(service, BatchTest::echo)).isGreaterThanOrEqualTo(count);
            final int[] index = {0};
            assertThat(client.poll((reply) ->
            {
                assertThat(reply.outcome()).isEqualTo(Outcome.REPLIED);
                assertThat(reply.buffer().getInt(0)).isEqualTo(index[0]);
                assertThat(reply.length()).isEqualTo(0 == index[0] % 2 ? 8 : 100);
                index[0]++;
                replied.add(reply.id());
            }, LIMIT)).isEqualTo(count);
            assertThat(client.inProgress()).isZero();
        }
        assertThat(pollIdle()).isPositive();
        assertThat(pollIdle()).isZero();
        assertThat(client.poll((reply) -> {}, 1)).isZero();
        assertThat(handled).isEqualTo(ids);
        assertThat(replied).isEqualTo(ids);
        assertThat(disposed).containsExactlyInAnyOrderElementsOf(ids);
        assertThat(service.counter(ServiceCounter.GETS)).isEqualTo(ids.size());
        assertThat(service.counter(ServiceCounter.DISPOSALS)).isEqualTo(ids.size());
        assertThat(client.counter(ClientCounter.REPLIES)).isEqualTo(ids.size());
    }

    @Test
    @DisplayName("R21: an idle service finds few disposals at once, and many in one of 32 polls")
    void shouldLookForManyDisposalsFromTimeToTime()
    {
        for (final int count : new int[]{4, 5})
        {
            final List<Long> ids = put(client, count);
            assertThat(poll(service, BatchTest::echo)).isEqualTo(count);
            assertThat(client.poll((reply) -> {}, LIMIT)).isEqualTo(count);
            int emptyCount = 0;
            while (emptyCount < 2 * THOROUGH_LOOK_INTERVAL && 0 == poll(service, BatchTest::echo))
            {
                emptyCount++;
            }
            assertThat(emptyCount).isEqualTo(4 == count ? 0 : THOROUGH_LOOK_INTERVAL - 1);
            assertThat(disposed).containsExactlyElementsOf(ids);
            disposed.clear();
        }
    }

    @Test
    @DisplayName("R21: a ready disposal is delivered, also one of many")
    void shouldDeliverTheDisposalsThatMadeItReady()
    {
        final List<Long> ids = put(client, 6);
        assertThat(poll(service, BatchTest::echo)).isEqualTo(6);
        assertThat(client.poll((reply) -> {}, LIMIT)).isEqualTo(6);
        assertThat(service.isReady()).isTrue();
        assertThat(poll(service, BatchTest::echo)).isEqualTo(6);
        assertThat(disposed).containsExactlyElementsOf(ids);
        assertThat(service.isReady()).isFalse();
    }

    @Test
    @DisplayName("R19: replies in another order than that of their puts are all taken, in the order of the replies")
    void shouldTakeRepliesInAnotherOrder()
    {
        final List<Long> ids = put(client, 8);
        assertThat(poll(service, (request) -> {})).isEqualTo(8);
        final List<Long> order = new ArrayList<>();
        for (final int i : new int[]{0, 1, 5, 4, 2, 3, 7, 6})
        {
            assertThat(service.reply(ids.get(i), bytes, 0, 1)).isEqualTo(Status.OK);
            order.add(ids.get(i));
        }
        final List<Long> taken = new ArrayList<>();
        while (client.poll((reply) -> taken.add(reply.id()), LIMIT) > 0)
        {
            Thread.onSpinWait();
        }
        assertThat(taken).isEqualTo(order);
        assertThat(client.inProgress()).isZero();
    }

    @Test
    @DisplayName("R19: a poll hands out at most its limit; the next call hands out the rest")
    void shouldKeepLimit()
    {
        final List<Long> ids = put(client, 10);
        final Handler handler = new Handler(BatchTest::echo);
        assertThat(service.poll(handler, 3)).isEqualTo(3);
        assertThat(service.poll(handler, 1)).isEqualTo(1);
        assertThat(handled).isEqualTo(ids.subList(0, 4));
        assertThat(client.poll((reply) -> {}, 2)).isEqualTo(2);
        assertThat(client.poll((reply) -> {}, LIMIT)).isEqualTo(2);
        assertThat(poll(service, BatchTest::echo)).isGreaterThanOrEqualTo(6);
        assertThat(handled).isEqualTo(ids);
        assertThatThrownBy(() -> service.poll(handler, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> client.poll(handler, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> service.poll((MessageHandler)null, 1)).isInstanceOf(NullPointerException.class);
    }

    @ParameterizedTest(name = "hard: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("R29, B1: a request aborted while it is in a batch is not handed out, and its client gets ABORTED")
    void shouldNotHandOutWhatIsAbortedInBatch(final boolean isHard)
    {
        final List<Long> ids = put(client, 4);
        assertThat(poll(service, (request) ->
        {
            if (ids.get(0) == request.id())
            {
                assertThat(client.abort(ids.get(2), isHard)).isEqualTo(AbortResult.AT_SERVER);
            }
            echo(request);
        })).isEqualTo(3);
        assertThat(handled).containsExactly(ids.get(0), ids.get(1), ids.get(3));
        final List<Integer> outcomes = new ArrayList<>();
        client.poll((reply) -> outcomes.add(ids.get(2) == reply.id() ? reply.outcome() : -1), LIMIT);
        assertThat(outcomes).containsOnlyOnce(isHard ? Outcome.ABORTED | Outcome.RECEIVED : Outcome.ABORTED);
        assertThat(outcomes).hasSize(4);
        pollAll();
        assertThat(disposed).containsExactlyInAnyOrder(ids.get(0), ids.get(1), ids.get(3));
        assertNothingLeft();
        assertThat(service.counter(ServiceCounter.SKIPS)).isEqualTo(1);
    }

    @Test
    @DisplayName("R29: a slot that is used again before RECEIVED is stored brings the new message, and its reply")
    void shouldNotSkipMessageThatUsesSlotAgain()
    {
        final TestRegion region = new TestRegion(1, 64);
        final SteppingHost host = new SteppingHost(region.host());
        final ServicePort service = region.attach(host).service(TestRegion.NAME, new PortOptions());
        final ClientPort client = region.client();
        service.clientCount();
        final long first = client.put(bytes, 0, 8);
        final long[] second = new long[1];
        final AtomicBoolean hasActed = new AtomicBoolean();
        // The first store of this poll is RECEIVED.
        host.actBefore(0, () ->
        {
            assertThat(client.abort(first, true)).isEqualTo(AbortResult.BEFORE_SERVER);
            assertOutcome(client, first, Outcome.ABORTED);
            second[0] = client.put(bytes, 0, 8);
            assertThat(SlotDescriptor.slotIndex(second[0])).isEqualTo(SlotDescriptor.slotIndex(first));
            hasActed.set(true);
        });
        assertThat(poll(service, BatchTest::echo)).isZero();
        assertThat(hasActed).isTrue();
        assertThat(service.counter(ServiceCounter.SKIPS)).as("no thread waits for it").isZero();
        assertThat(poll(service, BatchTest::echo)).isEqualTo(1);
        assertThat(handled).containsExactly(second[0]);
        assertOutcome(client, second[0], Outcome.REPLIED);
        region.close();
    }

    @Test
    @DisplayName("F34, R19: an exception of a handler reaches the caller; the rest of the batch stays, in order")
    void shouldKeepRestWhenHandlerThrows()
    {
        final List<Long> ids = put(client, 5);
        final IllegalStateException thrown = new IllegalStateException("on purpose");
        assertThatThrownBy(() -> poll(service, (request) ->
        {
            if (ids.get(1) == request.id())
            {
                throw thrown;
            }
            echo(request);
        })).isSameAs(thrown);
        assertThat(handled).isEqualTo(ids.subList(0, 2));
        assertThat(service.isReady()).isTrue();
        assertThat(service.get(message)).isEqualTo(MessageState.REQUEST);
        assertThat(message.id()).isEqualTo(ids.get(2));
        assertThat(message.reply()).isEqualTo(Status.OK);
        assertThat(service.await(message, 0)).isEqualTo(MessageState.REQUEST);
        assertThat(message.id()).isEqualTo(ids.get(3));
        assertThat(message.reply()).isEqualTo(Status.OK);
        final long last = put(client, 1).get(0);
        assertThat(poll(service, BatchTest::echo)).isEqualTo(1);
        assertThat(poll(service, BatchTest::echo)).isEqualTo(1);
        assertThat(handled).containsExactly(ids.get(0), ids.get(1), ids.get(4), last);
        // The request whose handler failed can still be replied to.
        assertThat(service.reply(ids.get(1), bytes, 0, 1)).isEqualTo(Status.OK);
        assertThat(client.poll((reply) -> {}, LIMIT)).isEqualTo(6);
        pollAll();
        assertThat(disposed).hasSize(6);
        assertNothingLeft();
    }

    @Test
    @DisplayName("B1, R23: if the handler closes the port, requests that were not handed out count as not received")
    void shouldReportAsNotReceivedWhatCloseLeaves()
    {
        final ClientPort other = region.client();
        final List<Long> ids = put(client, 4);
        final List<Long> otherIds = put(other, 2);
        assertThat(poll(service, (request) ->
        {
            if (ids.get(1) == request.id())
            {
                service.close();
                assertThat(request.replyBuffer(8)).isNull();
                assertThat(request.reply(8)).isEqualTo(Status.CLOSED);
            }
            else
            {
                echo(request);
            }
        })).isEqualTo(2);
        assertOutcome(client, ids.get(0), Outcome.REPLIED);
        assertOutcome(client, ids.get(1), Outcome.SERVICE_CLOSED | Outcome.RECEIVED);
        assertOutcome(client, ids.get(2), Outcome.SERVICE_CLOSED);
        assertOutcome(client, ids.get(3), Outcome.SERVICE_CLOSED);
        assertOutcome(other, otherIds.get(0), Outcome.SERVICE_CLOSED);
        assertOutcome(other, otherIds.get(1), Outcome.SERVICE_CLOSED);
        assertThat(client.poll((reply) -> {}, 1)).isEqualTo(Status.NOT_CONNECTED);
        assertThat(poll(service, BatchTest::echo)).isEqualTo(Status.CLOSED);
    }

    @Test
    @DisplayName("B1, R25: if the service dies in a batch, all of it counts as received, later requests do not")
    void shouldReportAsReceivedWhatDeathLeaves()
    {
        final Attachment process = region.attach();
        final ServicePort mortal = process.service("mortal", new PortOptions());
        final Attachment clientProcess = region.attach();
        final ClientPort client = clientProcess.client("mortal", new PortOptions());
        final List<Long> ids = put(client, 3);
        final List<Long> later = new ArrayList<>();
        assertThat(mortal.poll((request) ->
        {
            if (ids.get(0) == request.id())
            {
                later.addAll(put(client, 1));
                process.abandon();
            }
        }, LIMIT)).isPositive();
        clientProcess.watch().doWork();
        for (final long id : ids)
        {
            assertOutcome(client, id, Outcome.SERVICE_DIED | Outcome.RECEIVED);
        }
        assertOutcome(client, later.get(0), Outcome.SERVICE_DIED);
    }

    @Test
    @DisplayName("R24: if the client closes in a batch, requests not handed out vanish, the others are disposed of")
    void shouldForgetWhatClosedClientLeaves()
    {
        final ClientPort other = region.client();
        final List<Long> ids = put(client, 3);
        final List<Long> otherIds = put(other, 1);
        assertThat(poll(service, (request) ->
        {
            if (ids.get(0) == request.id())
            {
                client.close();
                assertThat(service.clientCount()).isEqualTo(1);
                assertThat(request.replyBuffer(8)).isNull();
                assertThat(request.reply(8)).isEqualTo(Status.INVALID);
            }
            else
            {
                echo(request);
            }
        })).isPositive();
        pollAll();
        assertThat(handled).containsExactlyInAnyOrder(ids.get(0), otherIds.get(0));
        assertThat(disposed).containsExactly(ids.get(0));
        assertThat(service.clientCount()).isEqualTo(1);
        assertThat(region.linksInUse()).isEqualTo(1);
        assertOutcome(other, otherIds.get(0), Outcome.REPLIED);
    }

    @Test
    @DisplayName("F25: a corrupt request in a batch ends its link: later requests count as not received")
    void shouldEndLinkOfCorruptRequestInBatch()
    {
        final ClientPort other = region.client();
        final List<Long> ids = put(client, 3);
        final List<Long> otherIds = put(other, 2);
        service.clientCount();
        client.host.link(client.entry.linkIndex()).putInt(region.geometry.requestHalfOffset(
            SlotDescriptor.slotIndex(ids.get(1))) + SlotDescriptor.LENGTH_OFFSET, -1);
        pollAll();
        pollAll();
        assertThat(handled).containsExactlyInAnyOrder(ids.get(0), otherIds.get(0), otherIds.get(1));
        assertOutcome(client, ids.get(0), Outcome.REPLIED);
        assertOutcome(client, ids.get(1), Outcome.SERVICE_CLOSED | Outcome.RECEIVED);
        assertOutcome(client, ids.get(2), Outcome.SERVICE_CLOSED);
        assertOutcome(other, otherIds.get(0), Outcome.REPLIED);
        assertThat(service.counter(PortCounter.CORRUPT)).isEqualTo(1);
    }

    @Test
    @DisplayName("F29: a poll that finds the links of two clients corrupt counts both")
    void shouldCountEachCorruptLink()
    {
        for (final ClientPort each : List.of(client, region.client()))
        {
            final long id = put(each, 1).get(0);
            each.host.link(each.entry.linkIndex()).putInt(region.geometry.requestHalfOffset(
                SlotDescriptor.slotIndex(id)) + SlotDescriptor.LENGTH_OFFSET, -1);
        }
        pollAll();
        assertThat(handled).isEmpty();
        assertThat(service.counter(PortCounter.CORRUPT)).isEqualTo(2);
    }

    @Test
    @DisplayName("R19: with several clients, none has more than its share of a batch")
    void shouldShareBatch()
    {
        final ClientPort second = region.client();
        final ClientPort third = region.client();
        put(client, 60);
        final List<Long> ids = put(second, 1);
        ids.addAll(put(third, 2));
        assertThat(poll(service, BatchTest::echo)).isEqualTo(19);
        assertThat(handled).containsAll(ids);
        final int[] batchCount = {0};
        while (poll(service, BatchTest::echo) > 0)
        {
            batchCount[0]++;
        }
        assertThat(batchCount[0]).isEqualTo(3);
        assertThat(handled).hasSize(63);
    }

    @Test
    @DisplayName("R17, R19: a request that was too long for a get is the first of the next batch")
    void shouldHandOutTooLongRequestFirst()
    {
        final long longId = client.put(bytes, 0, 100);
        assertThat(service.get(message, 10)).isEqualTo(MessageState.REQUEST);
        assertThat(message.isView()).isFalse();
        final List<Long> ids = put(client, 2);
        assertThat(poll(service, BatchTest::echo)).isEqualTo(1);
        pollAll();
        assertThat(handled).containsExactly(longId, ids.get(0), ids.get(1));
        // The other way round: the request is in the batch, and too long for a get.
        final List<Long> more = put(client, 4);
        assertThatThrownBy(() -> poll(service, (request) ->
        {
            throw new IllegalStateException("on purpose");
        })).isInstanceOf(IllegalStateException.class);
        assertThat(service.get(message, 10)).isIn(MessageState.REQUEST);
        assertThat(message.id()).isEqualTo(more.get(1));
        assertThat(message.isView()).isFalse();
        assertThat(service.reply(more.get(1), bytes, 0, 0)).isEqualTo(Status.OK);
        pollAll();
        assertThat(handled.subList(handled.size() - 2, handled.size())).isEqualTo(more.subList(2, 4));
    }

    @Test
    @DisplayName("R19, F25: if the first in line is corrupt, no later request passes the rest of the batch")
    void shouldKeepOrderAfterCorruptRequest()
    {
        final ClientPort other = region.client();
        put(client, 1);
        final long longId = client.put(bytes, 0, 100);
        final List<Long> otherIds = put(other, 2);
        assertThatThrownBy(() -> poll(service, (request) ->
        {
            throw new IllegalStateException("on purpose");
        })).isInstanceOf(IllegalStateException.class);
        assertThat(service.get(message, 10)).isEqualTo(MessageState.REQUEST);
        assertThat(message.id()).isEqualTo(longId);
        client.host.link(client.entry.linkIndex()).putInt(region.geometry.requestHalfOffset(
            SlotDescriptor.slotIndex(longId)) + SlotDescriptor.LENGTH_OFFSET, -1);
        otherIds.addAll(put(other, 1));
        for (final long id : otherIds)
        {
            int state = service.get(message);
            while (MessageState.DISPOSE == state)
            {
                state = service.get(message);
            }
            assertThat(state).isEqualTo(MessageState.REQUEST);
            assertThat(message.id()).isEqualTo(id);
        }
    }

    @Test
    @DisplayName("R20, R24: a reply in place that comes too late releases its request, as any reply does")
    void shouldReleaseRequestWhenReplyInPlaceIsTooLate()
    {
        put(client, 1);
        assertThat(service.get(message)).isEqualTo(MessageState.REQUEST);
        assertThat(message.replyBuffer(8)).isNotNull();
        client.close();
        assertThat(service.clientCount()).isZero();
        assertThat(message.reply(8)).isEqualTo(Status.INVALID);
        assertThat(message.isView()).isFalse();
        service.clientCount();
        assertThat(region.linksInUse()).as("no link is in use any more").isZero();
    }

    @Test
    @DisplayName("R12, R19: a batch over the end of a lease has messages of both leases")
    void shouldContinueWithNextLeaseInBatch() throws ReflectiveOperationException
    {
        IdsOfLease.leave(client, 3);
        final List<Long> ids = put(client, 7);
        assertThat(SlotDescriptor.lease(ids.get(6))).isNotEqualTo(SlotDescriptor.lease(ids.get(0)));
        while (handled.size() < ids.size())
        {
            assertThat(poll(service, (request) -> {})).isPositive();
        }
        assertThat(handled).isEqualTo(ids);
        for (final long id : ids)
        {
            assertThat(service.reply(id, bytes, 0, 1)).isEqualTo(Status.OK);
        }
        assertThat(client.poll((reply) -> {}, LIMIT)).isEqualTo(7);
        ids.addAll(put(client, 20));
        while (handled.size() < ids.size())
        {
            assertThat(poll(service, BatchTest::echo)).isPositive();
        }
        assertThat(handled).isEqualTo(ids);
    }

    @Test
    @DisplayName(
        "R13, R20: a view that a handler keeps is void after the poll, and a reply that it started is not sent")
    void shouldEndViewsWithHandler()
    {
        final List<Long> ids = put(client, 2);
        final List<DirectBuffer> views = new ArrayList<>();
        final List<Message> messages = new ArrayList<>();
        poll(service, (request) ->
        {
            views.add(request.buffer());
            messages.add(request);
            views.add(request.replyBuffer(20));
            request.replyBuffer(30).setMemory(0, 30, (byte)1);
        });
        assertThat(views).allMatch((view) -> 0 == view.capacity());
        assertThatThrownBy(messages.get(0)::buffer).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> messages.get(0).reply(1)).isInstanceOf(IllegalStateException.class);
        assertThat(client.get(message)).isEqualTo(Status.WOULD_BLOCK);
        assertThat(service.reply(ids.get(1), bytes, 0, 1)).isEqualTo(Status.OK);
        assertThat(service.reply(ids.get(0), bytes, 0, 1)).isEqualTo(Status.OK);
        views.clear();
        client.poll((reply) -> views.add(reply.buffer()), LIMIT);
        assertThat(views).hasSize(2).allMatch((view) -> 0 == view.capacity());
    }

    @Test
    @DisplayName("R20: a handler replies to other messages, and polls and gets itself")
    void shouldLetHandlerUsePort()
    {
        final List<Long> ids = put(client, 6);
        poll(service, (request) ->
        {
            if (ids.get(1) == request.id())
            {
                assertThat(service.reply(ids.get(0), bytes, 0, 1)).isEqualTo(Status.OK);
                assertThat(service.reply(ids.get(4), bytes, 0, 1)).as("not handed out yet").isEqualTo(Status.INVALID);
                assertThat(service.get(message)).isEqualTo(MessageState.REQUEST);
                assertThat(message.id()).isEqualTo(ids.get(2));
                message.reply();
                assertThat(service.poll(new Handler(BatchTest::echo), 1)).isEqualTo(1);
                assertThat(request.buffer().getInt(0)).isEqualTo(1);
                echo(request);
            }
            else if (ids.get(0) != request.id())
            {
                echo(request);
            }
        });
        assertThat(handled).containsExactly(ids.get(0), ids.get(1), ids.get(3), ids.get(4), ids.get(5));
        assertThat(client.poll((reply) -> {}, LIMIT)).isEqualTo(6);
    }

    @Test
    @DisplayName("R19: several threads poll one port: each request goes to one of them, once")
    void shouldShareBatchesBetweenThreads() throws InterruptedException
    {
        final int count = 20_000;
        final ConcurrentHashMap<Long, Integer> counts = new ConcurrentHashMap<>();
        final AtomicInteger left = new AtomicInteger(count);
        final List<Throwable> thrown = new ArrayList<>();
        final List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 3; i++)
        {
            final Thread thread = new Thread(() ->
            {
                while (left.get() > 0)
                {
                    service.poll((request) ->
                    {
                        counts.merge(request.id(), 1, Integer::sum);
                        left.decrementAndGet();
                        echo(request);
                    }, 5);
                    Thread.yield();
                }
            });
            thread.setUncaughtExceptionHandler((dead, throwable) ->
            {
                synchronized (thrown)
                {
                    thrown.add(throwable);
                }
                left.set(0);
            });
            threads.add(thread);
            thread.start();
        }
        int putCount = 0;
        int replyCount = 0;
        while (replyCount < count && left.get() >= 0 && thrown.isEmpty())
        {
            for (; putCount < count && null != client.next(8); putCount++)
            {
                assertThat(client.put(8)).isPositive();
            }
            if (putCount < count)
            {
                assertThat(client.put(8)).isEqualTo(Status.NO_BUFFERS);
            }
            replyCount += client.poll((reply) -> assertThat(reply.outcome()).isEqualTo(Outcome.REPLIED), LIMIT);
        }
        for (final Thread thread : threads)
        {
            thread.join();
        }
        assertThat(thrown).isEmpty();
        assertThat(counts).hasSize(count);
        assertThat(counts.values()).containsOnly(1);
    }

    @Test
    @DisplayName("R12, R14, R15: next and put report why there is no memory; misuse of them throws")
    void shouldPutInPlace()
    {
        assertThatThrownBy(() -> client.put(8)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> client.next(201)).isInstanceOf(IllegalArgumentException.class);
        final MutableDirectBuffer buffer = client.next(200);
        assertThat(client.next(8)).isSameAs(buffer);
        assertThat(buffer.capacity()).isEqualTo(8);
        assertThat(client.inProgress()).as("the first buffer was released").isEqualTo(1);
        assertThatThrownBy(() -> client.put(9)).isInstanceOf(IllegalArgumentException.class);
        assertThat(client.put(0)).isPositive();
        assertThat(buffer.capacity()).as("void").isZero();
        put(client, SLOT_COUNT - 1);
        assertThat(client.next(8)).isNull();
        assertThat(client.put(8)).isEqualTo(Status.NO_BUFFERS);
        assertThatThrownBy(() -> client.put(8)).isInstanceOf(IllegalStateException.class);
        pollAll();
        client.poll((reply) -> {}, LIMIT);
        assertThat(client.next(8)).isNotNull();
        service.close();
        assertThat(client.put(8)).isEqualTo(Status.NOT_CONNECTED);
        assertThat(client.next(8)).isNull();
        assertThat(client.put(8)).isEqualTo(Status.NOT_CONNECTED);
        client.close();
        assertThat(client.next(8)).isNull();
        assertThat(client.put(8)).isEqualTo(Status.CLOSED);
    }

    @Test
    @DisplayName("R14: the buffer of next that is cancelled is void, and its slot is free; without one nothing happens")
    void shouldCancelNext()
    {
        client.cancelNext();
        for (int i = 0; i < 2 * SLOT_COUNT; i++)
        {
            final MutableDirectBuffer buffer = client.next(8);
            client.cancelNext();
            assertThat(buffer.capacity()).as("void").isZero();
            assertThat(client.inProgress()).isZero();
            client.cancelNext();
        }
        assertThatThrownBy(() -> client.put(8)).isInstanceOf(IllegalStateException.class);
        client.next(8).putLong(0, 1);
        assertThat(client.put(8)).isPositive();
        client.cancelNext();
        assertThat(client.inProgress()).as("what was put stays").isEqualTo(1);
        put(client, SLOT_COUNT - 1);
        assertThat(client.next(8)).isNull();
        client.cancelNext();
        assertThatThrownBy(() -> client.put(8)).as("the refusal is forgotten")
            .isInstanceOf(IllegalStateException.class);
        pollAll();
        client.poll((reply) -> {}, LIMIT);
        client.next(8);
        service.close();
        client.cancelNext();
        assertThat(client.inProgress()).isZero();
    }

    @Test
    @DisplayName("F40: after another thread's close, cancelNext releases the link")
    void shouldReleaseLinkByCancel() throws InterruptedException
    {
        final ClientPort closing = region.client();
        final MutableDirectBuffer buffer = closing.next(8);
        final Thread closer = new Thread(closing::close);
        closer.start();
        closer.join();
        service.clientCount();
        assertThat(buffer.capacity()).isEqualTo(8);
        assertThat(region.linksInUse()).isEqualTo(2);
        closing.cancelNext();
        assertThat(region.linksInUse()).isEqualTo(1);
    }

    @ParameterizedTest(name = "dead before the close: {0}")
    @ValueSource(booleans = {true, false})
    @DisplayName("F40: the buffer of next of a dead thread does not keep the link, whichever thread closes the port")
    void shouldReleaseLinkOfDeadThread(final boolean isDeadBefore) throws InterruptedException
    {
        final ClientPort closing = region.client();
        final CountDownLatch asked = new CountDownLatch(1);
        final CountDownLatch mayEnd = new CountDownLatch(isDeadBefore ? 0 : 1);
        final Thread thread = new Thread(() ->
        {
            closing.next(8).putLong(0, 1);
            asked.countDown();
            awaitUninterruptibly(mayEnd);
        });
        thread.start();
        asked.await();
        if (isDeadBefore)
        {
            thread.join();
        }
        closing.close();
        service.clientCount();
        assertThat(region.linksInUse()).isEqualTo(isDeadBefore ? 1 : 2);
        region.attachmentOf(closing).watch().doWork();
        assertThat(region.linksInUse()).isEqualTo(isDeadBefore ? 1 : 2);
        mayEnd.countDown();
        thread.join();
        region.attachmentOf(closing).watch().doWork();
        assertThat(region.linksInUse()).isEqualTo(1);
    }

    private static void awaitUninterruptibly(final CountDownLatch latch)
    {
        try
        {
            latch.await();
        }
        catch (final InterruptedException ex)
        {
            throw new AssertionError(ex);
        }
    }

    @ParameterizedTest(name = "single threaded: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("F40: a port that is closed between next and put releases its link, and the buffer is void")
    void shouldReleaseLinkWithoutPut(final boolean isSingleThreaded)
    {
        final ClientPort closing =
            region.attach().client(TestRegion.NAME, new PortOptions().singleThreaded(isSingleThreaded));
        final MutableDirectBuffer buffer = closing.next(8);
        closing.close();
        assertThat(buffer.capacity()).isZero();
        service.clientCount();
        assertThat(region.linksInUse()).isEqualTo(1);
    }

    @Test
    @DisplayName("F40: another thread closes between next and put: the memory stays the writer's until its put")
    void shouldKeepLinkUntilPut() throws InterruptedException
    {
        final ClientPort closing = region.client();
        final MutableDirectBuffer buffer = closing.next(8);
        final Thread closer = new Thread(closing::close);
        closer.start();
        closer.join();
        service.clientCount();
        assertThat(buffer.capacity()).isEqualTo(8);
        assertThat(region.linksInUse()).isEqualTo(2);
        buffer.putLong(0, 1);
        assertThat(closing.put(8)).isEqualTo(Status.CLOSED);
        assertThat(region.linksInUse()).isEqualTo(1);
    }

    @Test
    @DisplayName("B1, F34: a client's handler that throws leaves the replies after it")
    void shouldLeaveRepliesWhenClientsHandlerThrows()
    {
        final List<Long> ids = put(client, 3);
        pollAll();
        assertThatThrownBy(() -> client.poll((reply) ->
        {
            throw new IllegalStateException("on purpose");
        }, LIMIT)).isInstanceOf(IllegalStateException.class);
        assertThat(client.inProgress()).as("the first one was released").isEqualTo(2);
        assertOutcome(client, ids.get(1), Outcome.REPLIED);
        assertOutcome(client, ids.get(2), Outcome.REPLIED);
        assertThat(client.poll((reply) -> client.close(), LIMIT)).isZero();
        final long id = put(client, 1).get(0);
        pollAll();
        assertThat(client.poll((reply) ->
        {
            assertThat(reply.id()).isEqualTo(id);
            client.close();
        }, LIMIT)).isEqualTo(1);
        assertThat(client.poll((reply) -> {}, LIMIT)).isEqualTo(Status.CLOSED);
    }

    @Test
    @DisplayName("R19: RECEIVED is the last of a batch before the first of it is handed out")
    void shouldPublishReceivedForBatch()
    {
        final List<Long> ids = put(client, 3);
        poll(service, (request) ->
        {
            assertThat(client.host.link(client.entry.linkIndex()).getLongVolatile(LinkDescriptor.RECEIVED_OFFSET))
                .isEqualTo(ids.get(2));
            request.reply();
        });
        assertThat(handled).isEqualTo(ids);
    }
}
