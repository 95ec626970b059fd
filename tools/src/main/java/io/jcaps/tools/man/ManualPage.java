/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.man;

import org.w3c.dom.Document;
import org.xml.sax.SAXException;

import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * One page of the manual, which the build generates.
 *
 * @param name    without the section.
 * @param section of the manual: 1 for commands, 2 for calls, 3 for what libcaps adds to them, 7 for concepts.
 */
record ManualPage(String name, int section)
{
    /** Prefix of the calls' names. */
    static final String CALL_PREFIX = "caps_sys_";
    /** Style sheet of the HTML pages, in the same directory. */
    static final String STYLE_SHEET = "man.css";

    private static final int CALLS = 2;
    private static final int LIBRARY = 3;
    private static final String JAVA = "caps_java";
    /** Further names of the page of the Java API: its classes, which have no pages of their own. */
    private static final Set<String> JAVA_NAMES = Set.of("java", "java-api", "Caps", "Attachment", "Port",
        "PortOptions", "ServicePort", "ClientPort", "Message", "Claim", "WaitSet", "PortAgent", "AsyncCalls",
        "AsyncCall", "Status", "Outcome", "RegionConfig", "PayloadBytes");

    /** All pages, by section; the calls in the order in which a program first uses them. */
    static final List<ManualPage> ALL = Stream.of(
        Stream.of(new ManualPage("caps", 1), new ManualPage("caps-bridge", 1)),
        Stream.of("open", "service", "client", "close", "setgen", "getgen", "put", "alloc", "free", "reply", "get",
            "wait", "abort").map((call) -> new ManualPage(CALL_PREFIX + call, CALLS)),
        Stream.of("libcaps", "caps_sys_service_attr", "caps_sys_timedwait", "caps_sys_view", "caps_sys_call",
            "caps_sys_poll", "caps_sys_end", "caps_watch").map((name) -> new ManualPage(name, LIBRARY)),
        Stream.of(new ManualPage("caps", 7), new ManualPage(JAVA, 7))).flatMap((pages) -> pages).toList();

    /**
     * Finds a page.
     *
     * @param name    of it; also {@code put} for {@code caps_sys_put}, a class of the Java API for its page, and with
     *                its section: {@code caps(7)}, {@code caps.7}.
     * @param section wanted, or 0 for the first that has such a page.
     * @return the page, or null if there is none.
     */
    static ManualPage find(final String name, final int section)
    {
        return IntStream.of(0, 1).boxed()
            .flatMap((form) -> ALL.stream().filter((page) -> page.isNamed(0 == form ? name : CALL_PREFIX + name)))
            .filter((page) -> 0 == section || page.section == section)
            .findFirst().orElse(null);
    }

    private boolean isNamed(final String text)
    {
        return text.equals(name) || text.equals(fileName()) || text.equals(title()) ||
            JAVA.equals(name) && JAVA_NAMES.contains(text);
    }

    /**
     * @return name by which pages refer to it: {@code caps(7)}.
     */
    String title()
    {
        return name + '(' + section + ')';
    }

    /**
     * @return file name for {@code man}: {@code caps.7}.
     */
    String fileName()
    {
        return name + '.' + section;
    }

    /**
     * @return file name for a browser.
     */
    String htmlFileName()
    {
        return fileName() + ".html";
    }

    /**
     * @return the page in roff, for {@code man}.
     */
    byte[] roff()
    {
        return read(fileName());
    }

    /**
     * @return the page as HTML, which is well-formed XML.
     */
    byte[] html()
    {
        return read(htmlFileName());
    }

    /**
     * @return the page for a terminal without {@code man}: ASCII, 80 columns.
     */
    String text()
    {
        return new PlainText().render(this, parse());
    }

    /**
     * @return its purpose in a few words.
     */
    String purpose()
    {
        final String line = PlainText.inline(parse().getElementsByTagName("p").item(0));
        return line.substring(line.indexOf(" - ") + 3);
    }

    Document parse()
    {
        try
        {
            final DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
            return factory.newDocumentBuilder().parse(new ByteArrayInputStream(html()));
        }
        catch (final ParserConfigurationException | SAXException ex)
        {
            throw new IllegalStateException("the page was not built as it should be: " + htmlFileName(), ex);
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException(ex);
        }
    }

    static byte[] read(final String fileName)
    {
        try (InputStream in = ManualPage.class.getResourceAsStream("pages/" + fileName))
        {
            if (null == in)
            {
                throw new IllegalStateException("the manual was not built: pages/" + fileName + " is missing");
            }
            return in.readAllBytes();
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException(ex);
        }
    }
}
