/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.man;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.ServicePort;
import io.jcaps.Status;
import io.jcaps.shm.Caps;
import io.jcaps.shm.RegionConfig;
import io.jcaps.sys.CapsMsgId;
import io.jcaps.sys.CapsSys;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

import static io.jcaps.sys.CapsSys.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * The manual's examples do what their pages say.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ManualExamplesTest
{
    private static final int MAX_IN_PROGRESS = 128;

    @TempDir
    private Path directory;

    private final CapsMsgId msgid = new CapsMsgId();
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[131_072]);
    private Path region;
    private CapsSys server;
    private CapsSys client;
    private int uid;
    private int svc;
    private int port;

    @BeforeEach
    void before() throws IOException
    {
        region = directory.resolve("region");
        server = CapsSys.open(region);
        client = CapsSys.open(region);
        uid = (int)Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        svc = server.service("test", uid, -1, 0, CAPF_USER);
        port = client.client("test", uid, -1, 0, CAPF_USER);
        assertThat(port).isPositive();
    }

    @AfterEach
    void after()
    {
        client.close();
        server.close();
    }

    @Test
    @DisplayName("caps_sys_open, caps_sys_wait: the service echoes until it is interrupted")
    void shouldServe() throws Exception
    {
        final FutureTask<Void> service = new FutureTask<>(() ->
        {
            ManualExamples.runService(region);
            return null;
        });
        final Thread thread = start(service);
        final int echo = client.client("echo", uid, -1, 0, CAPF_USER | CAPF_WAITSVC);
        final long id = put(echo, "hello");

        assertThat(client.wait(echo, buffer, buffer.capacity(), msgid, null)).isEqualTo(5);
        assertThat(msgid.id).isEqualTo(id);
        assertThat(buffer.getStringWithoutLengthAscii(0, 5)).isEqualTo("hello");
        thread.interrupt();
        service.get();
        assertThat(client.wait(echo, buffer, buffer.capacity(), msgid, null)).isEqualTo(-1);
        assertThat(client.errno()).isEqualTo(ENOTCONN);
    }

    @Test
    @DisplayName("caps_sys_service: the second of its name is refused")
    void shouldRegisterOnce()
    {
        assertThat(ManualExamples.register(server, uid)).isPositive();
        assertThatThrownBy(() -> ManualExamples.register(client, uid)).hasMessage("quotes is running already");
    }

    @Test
    @DisplayName("caps_sys_client: waits for the service, and can be interrupted")
    void shouldConnect() throws Exception
    {
        final FutureTask<Integer> connecting = new FutureTask<>(() -> ManualExamples.connect(client, uid));
        start(connecting);
        ManualExamples.register(server, uid);
        assertThat(connecting.get()).isPositive();

        server.close();
        final FutureTask<Integer> interrupted = new FutureTask<>(() -> ManualExamples.connect(client, uid));
        final Thread thread = start(interrupted);
        thread.interrupt();
        assertThatThrownBy(interrupted::get).hasCauseInstanceOf(InterruptedException.class);
    }

    @Test
    @DisplayName("caps_sys_client: the generic service is the user's, else the group's, else there is none")
    void shouldConnectToGenericService() throws IOException
    {
        final int gid = (int)Files.getAttribute(Path.of("/proc/self"), "unix:gid");
        assertThat(ManualExamples.connectGeneric(client, "generic", uid, gid)).isEqualTo(-1);
        assertThat(client.errno()).isEqualTo(ENOENT);
        server.setgen(server.service("generic", -1, gid, 0, CAPF_GROUP), 2);
        assertThat(client.getgen(ManualExamples.connectGeneric(client, "generic", uid, gid))).isEqualTo(2);
        server.setgen(server.service("generic", uid, -1, 0, CAPF_USER), 1);
        assertThat(client.getgen(ManualExamples.connectGeneric(client, "generic", uid, gid))).isEqualTo(1);
    }

    @Test
    @DisplayName("caps_sys_close: each message's end is taken before the port is closed")
    void shouldDrainAndClose()
    {
        final Map<Long, String> open = new HashMap<>();
        final long replied = put(port, "replied");
        open.put(replied, "replied");
        open.put(put(port, "not received"), "not received");
        receive();
        assertThat(server.reply(svc, null, 0, replied)).isZero();
        server.close(svc);

        ManualExamples.drainAndClose(client, port, open);

        assertThat(open).isEmpty();
        assertThat(client.close(port)).isEqualTo(-1);
        assertThat(client.errno()).isEqualTo(EINVAL);
    }

    @Test
    @DisplayName("caps_sys_setgen, caps_sys_getgen: cached data is discarded when the service has changed")
    void shouldTellOfChanges()
    {
        final Map<String, Long> cache = new HashMap<>(Map.of("ABC", 1L));
        assertThat(ManualExamples.dropWhatIsOld(client, port, 0, cache)).isZero();
        assertThat(cache).isNotEmpty();
        ManualExamples.reload(server, svc, () -> {}, 1);
        assertThat(ManualExamples.dropWhatIsOld(client, port, 0, cache)).isEqualTo(1);
        assertThat(cache).isEmpty();
    }

    @Test
    @DisplayName("caps_sys_put: with 128 in progress a reply is taken first")
    void shouldMakeRoom()
    {
        final long first = put(port, "first");
        for (int i = 1; i < MAX_IN_PROGRESS; i++)
        {
            assertThat(put(port, "more")).isPositive();
        }
        receive();
        server.reply(svc, null, 0, first);
        final List<Long> taken = new ArrayList<>();

        assertThat(ManualExamples.send(client, port, "one more", (reply) -> taken.add(reply.id))).isPositive();

        assertThat(taken).containsExactly(first);
        server.close(svc);
        assertThatThrownBy(() -> ManualExamples.send(client, port, "x", (reply) -> taken.add(reply.id)))
            .hasMessage("errno=" + ENOTCONN);
    }

    @Test
    @DisplayName("caps_sys_reply: a request is answered that was not retrieved")
    void shouldAnswerWithoutRetrieving()
    {
        final long id = put(port, "seven..");
        ManualExamples.answerWithLength(server, svc);
        assertThat(client.get(port, buffer, buffer.capacity(), msgid, null)).isEqualTo(Integer.BYTES);
        assertThat(msgid.id).isEqualTo(id);
        assertThat(buffer.getInt(0)).isEqualTo(7);
    }

    @Test
    @DisplayName("caps_sys_get: all messages are taken, also those longer than the buffer")
    void shouldTakeAll()
    {
        final String longText = "long".repeat(1_000);
        reply(put(port, "a"), "short");
        reply(put(port, "b"), longText);
        put(port, "c");
        final List<String> replies = new ArrayList<>();
        assertThat(ManualExamples.takeAll(client, port, replies::add)).isEqualTo(EWOULDBLOCK);
        assertThat(replies).containsExactly("short", longText);
        server.close(svc);
        assertThat(ManualExamples.takeAll(client, port, replies::add)).isEqualTo(ENOTCONN);
        assertThat(replies).endsWith("SERVICE_CLOSED");
    }

    @Test
    @DisplayName("caps_sys_abort: the result shows whether the service may have acted")
    void shouldAbort()
    {
        assertThat(ManualExamples.wasSurelyNotSeen(client, port, put(port, "not seen"))).isTrue();
        final long seen = put(port, "seen");
        receive();
        assertThat(ManualExamples.wasSurelyNotSeen(client, port, seen)).isFalse();
        assertThatThrownBy(() -> ManualExamples.wasSurelyNotSeen(client, port, seen))
            .hasMessage("errno=" + EINVAL);
    }

    @Test
    @DisplayName("caps_sys_free: memory that is not needed is given back, once")
    void shouldGiveBack()
    {
        final MutableDirectBuffer request = client.alloc(port, 0, 16);
        assertThat(ManualExamples.giveBack(client, port, request)).isTrue();
        assertThat(ManualExamples.giveBack(client, port, request)).isFalse();
    }

    @Test
    @DisplayName("caps_sys_alloc: bytes written in place are received")
    void shouldSendInPlace()
    {
        assertThat(ManualExamples.sendInPlace(client, port, 4711, 1.25)).isPositive();
        receive();
        assertThat(buffer.getLong(0)).isEqualTo(4711);
        assertThat(buffer.getDouble(Long.BYTES)).isEqualTo(1.25);
        server.close(svc);
        assertThat(ManualExamples.sendInPlace(client, port, 4711, 1.25)).isEqualTo(-1);
    }

    @Test
    @DisplayName("caps(7): only a message that was not received is sent again")
    void shouldTellWhatToDo()
    {
        assertThat(whatToDo(Outcome.REPLIED)).isEqualTo("read the reply");
        assertThat(whatToDo(Outcome.SERVICE_CLOSED)).endsWith("send it again");
        assertThat(whatToDo(Outcome.SERVICE_DIED)).endsWith("send it again");
        assertThat(whatToDo(Outcome.UNREACHABLE)).endsWith("send it again");
        assertThat(whatToDo(Outcome.REFUSED)).contains("admit");
        assertThat(whatToDo(Outcome.SERVICE_CLOSED | Outcome.RECEIVED)).contains("ask what became of it");
        assertThat(whatToDo(Outcome.SERVICE_DIED | Outcome.RECEIVED)).contains("ask what became of it");
        assertThat(whatToDo(Outcome.ABORTED)).endsWith("in time");
        assertThat(whatToDo(Outcome.ABORTED | Outcome.RECEIVED)).endsWith("may have been acted on");
    }

    @Test
    @DisplayName("caps_java(7): each reply is matched to its request, in any order of the replies")
    void shouldAskAll() throws Exception
    {
        final long[] questions = {1, 2, 3};
        try (Attachment caps = Caps.attach(new RegionConfig().path(region));
            ServicePort service = caps.service("questions");
            ClientPort asking = caps.client("questions"))
        {
            final FutureTask<Long> task = new FutureTask<>(() -> ManualExamples.askAll(asking, questions));
            final Thread thread = start(task);
            final Message[] requests = {new Message(), new Message(), new Message()};
            for (final Message request : requests)
            {
                assertThat(service.await(request, Long.MAX_VALUE)).isEqualTo(MessageState.REQUEST);
            }
            for (int i = requests.length - 1; i >= 0; i--)
            {
                buffer.putLong(0, 10 * requests[i].buffer().getLong(0));
                assertThat(requests[i].reply(buffer, 0, Long.BYTES)).isEqualTo(Status.OK);
            }
            assertThat(task.get()).isEqualTo(3);
            thread.join();
        }
        assertThat(questions).containsExactly(10, 20, 30);
    }

    private String whatToDo(final int outcome)
    {
        msgid.outcome = outcome;
        return ManualExamples.whatToDo(msgid);
    }

    private static Thread start(final FutureTask<?> task)
    {
        final Thread thread = new Thread(task, "example");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private long put(final int to, final String text)
    {
        final long id = client.put(to, new UnsafeBuffer(text.getBytes(StandardCharsets.US_ASCII)), text.length());
        assertThat(id).isPositive();
        return id;
    }

    private void receive()
    {
        assertThat(server.wait(svc, buffer, buffer.capacity(), msgid, null)).isNotNegative();
        assertThat(msgid.state).isEqualTo(CAPMS_REQUEST);
    }

    private void reply(final long id, final String text)
    {
        receive();
        assertThat(msgid.id).isEqualTo(id);
        final UnsafeBuffer reply = new UnsafeBuffer(text.getBytes(StandardCharsets.US_ASCII));
        assertThat(server.reply(svc, reply, text.length(), id)).isZero();
    }
}
