/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.port;

import io.jcaps.Attachment;
import io.jcaps.ClientPort;
import io.jcaps.Message;
import io.jcaps.MessageState;
import io.jcaps.Outcome;
import io.jcaps.Status;
import io.jcaps.tools.terminal.DurationConverter;
import io.jcaps.tools.terminal.Escaped;
import io.jcaps.tools.terminal.ExitCodes;
import io.jcaps.tools.terminal.Json;
import io.jcaps.tools.terminal.OutputFailure;
import io.jcaps.tools.terminal.Screen;
import org.agrona.concurrent.UnsafeBuffer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;

/**
 * {@code caps call}: sends one request and prints the reply.
 */
@Command(
    name = "call",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
        "Sends standard input, or a text, to a service as one request, and writes the bytes of the reply to standard " +
            "output.",
        "If no reply comes, standard error has the reason, and whether the service may have acted on the request.",
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
        "0:replied", "1:not replied, or the request is too long", "2:bad options", "3:no such region or service"})
public final class CallCommand implements Callable<Integer>
{
    @Spec
    private CommandSpec spec;

    @Mixin
    private ServiceOption service;

    @Option(names = {"-t", "--text"}, paramLabel = "TEXT", description = "Send this, as UTF-8, without a line feed.")
    private String text;

    @Option(
        names = {"-W", "--timeout"},
        paramLabel = "TIME",
        converter = DurationConverter.class,
        defaultValue = "30s",
        description = "Longest wait for the reply, such as 500ms or 2s (default: ${DEFAULT-VALUE}).")
    private Duration timeout;

    @Option(
        names = "--wait",
        paramLabel = "TIME",
        converter = DurationConverter.class,
        description = "If there is no such service, wait this long for it.")
    private Duration wait;

    @Option(names = "--json", description = "Print outcome and reply as JSON.")
    private boolean isJson;

    @Override
    public Integer call() throws IOException
    {
        try (Attachment caps = service.attach();
            ClientPort port = service.connect(caps, wait))
        {
            final byte[] request = null == text ? System.in.readNBytes(caps.messageLimit() + 1) :
                text.getBytes(StandardCharsets.UTF_8);
            if (request.length > caps.messageLimit())
            {
                spec.commandLine().getErr().println("the request is too long: a message in " + caps.place() +
                    " has at most " + caps.messageLimit() + " bytes; nothing was sent");
                return ExitCodes.FAILED;
            }
            final Message reply = new Message();
            final int result =
                port.call(new UnsafeBuffer(request), 0, request.length, reply, timeout.toNanos());
            final boolean isReplied = MessageState.REPLY == result && Outcome.REPLIED == reply.outcome();
            byte[] bytes = new byte[0];
            if (isReplied)
            {
                bytes = new byte[reply.length()];
                reply.buffer().getBytes(0, bytes);
            }
            // The outcome of a call that timed out shows whether the service may have acted.
            final boolean isKnown = MessageState.REPLY == result || Status.TIMED_OUT == result;
            final boolean mayHaveActed = isKnown && Outcome.wasReceived(reply.outcome());
            final String outcome = MessageState.REPLY == result ? Outcome.text(Outcome.kind(reply.outcome())) :
                Status.text(result);
            if (MessageState.REPLY == result)
            {
                reply.release();
            }
            try
            {
                if (isJson)
                {
                    printJson(outcome, mayHaveActed, isReplied ? bytes : null);
                }
                else if (isReplied)
                {
                    print(bytes);
                }
            }
            catch (final OutputFailure ex)
            {
                // Printed even if the reader of the output has closed it: a second call would make the service act
                // twice.
                spec.commandLine().getErr().println("the outcome was " + outcome +
                    (isReplied ? ", the reply of " + bytes.length + " bytes is lost" : ""));
                throw ex;
            }
            if (!isReplied)
            {
                spec.commandLine().getErr().println("no reply: " + outcome + ": the service " +
                    (mayHaveActed ? "may have acted on the request" : "did not receive the request"));
            }
            return isReplied ? ExitCodes.OK : ExitCodes.FAILED;
        }
    }

    /**
     * Prints the bytes unchanged to a file or a pipe; on a terminal it escapes them, as a terminal would obey escape
     * sequences.
     */
    private void print(final byte[] bytes) throws IOException
    {
        if (Screen.isTerminal())
        {
            final PrintWriter out = spec.commandLine().getOut();
            out.print(Escaped.lines(new String(bytes, StandardCharsets.UTF_8)));
            out.flush();
            return;
        }
        final PrintStream out = System.out;
        out.write(bytes);
        out.flush();
    }

    private void printJson(final String outcome, final boolean mayHaveActed, final byte[] bytes)
    {
        final Map<String, Object> members = new LinkedHashMap<>();
        members.put("outcome", outcome);
        members.put("mayHaveActed", mayHaveActed);
        members.put("length", null == bytes ? null : bytes.length);
        members.put("text", null == bytes ? null : decode(bytes));
        members.put("base64", null == bytes ? null : Base64.getEncoder().encodeToString(bytes));
        spec.commandLine().getOut().println(Json.pretty(members));
    }

    /** The bytes as UTF-8 text; null if they are not valid UTF-8. */
    private static String decode(final byte[] bytes)
    {
        try
        {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        }
        catch (final CharacterCodingException ex)
        {
            return null;
        }
    }
}
