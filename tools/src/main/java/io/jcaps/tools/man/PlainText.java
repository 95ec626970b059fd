/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.man;

import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

import java.util.Locale;

/**
 * Renders a page as text, where there is no {@code man}. It supports the few HTML elements that Asciidoctor generates
 * for the manual. An unknown element is an error, so that nothing is silently omitted.
 */
final class PlainText
{
    /** Columns that are used. */
    static final int WIDTH = 79;

    private static final int BODY_INDENT = 7;
    private static final int SUBTITLE_INDENT = 3;
    private static final int DEEPER = 4;
    private static final String BULLET = "* ";

    private final StringBuilder text = new StringBuilder();
    // Text before the next paragraph's first line, within its indent.
    private String mark = "";
    // The next block follows without an empty line.
    private boolean isTight;

    /**
     * @param page     that it is.
     * @param document of its HTML.
     * @return the page: ASCII, lines of at most {@link #WIDTH} columns unless a word or a program is longer.
     */
    String render(final ManualPage page, final Document document)
    {
        final String title = page.title().toUpperCase(Locale.ROOT);
        final String manual = "jcaps Manual";
        final int room = WIDTH - 2 * title.length() - manual.length();
        text.append(title).append(" ".repeat(room / 2)).append(manual).append(" ".repeat(room - room / 2))
            .append(title).append('\n');
        blocks(document.getElementsByTagName("body").item(0), BODY_INDENT);
        return text.toString();
    }

    private void blocks(final Node parent, final int indent)
    {
        for (Node node = parent.getFirstChild(); null != node; node = node.getNextSibling())
        {
            if (node instanceof Element element)
            {
                block(element, indent);
            }
            else if (!inline(node).isEmpty())
            {
                throw new IllegalStateException("text outside of any paragraph: " + node.getTextContent());
            }
        }
    }

    private void block(final Element element, final int indent)
    {
        switch (element.getTagName())
        {
            // The page has its own headline, from render().
            case "h1" -> isTight = false;
            case "h2" -> line(0, inline(element).toUpperCase(Locale.ROOT));
            case "h3" -> line(SUBTITLE_INDENT, inline(element));
            case "div", "ul", "dl" -> blocks(element, indent);
            case "p" -> paragraph(indent, inline(element));
            case "pre" -> program(indent, element.getTextContent());
            case "dt" ->
            {
                paragraph(indent, inline(element));
                isTight = true;
            }
            case "dd" -> blocks(element, indent + DEEPER);
            case "li" ->
            {
                mark = BULLET;
                blocks(element, indent + BULLET.length());
            }
            default -> throw new IllegalStateException("no text is made of <" + element.getTagName() + ">");
        }
    }

    /** Prints a heading: no empty line follows it. */
    private void line(final int indent, final String heading)
    {
        text.append('\n').append(" ".repeat(indent)).append(heading).append('\n');
        isTight = true;
    }

    private void separate()
    {
        if (!isTight)
        {
            text.append('\n');
        }
        isTight = false;
    }

    private void paragraph(final int indent, final String content)
    {
        separate();
        text.append(" ".repeat(indent - mark.length())).append(mark);
        mark = "";
        int column = indent;
        for (final String word : content.split(" "))
        {
            if (column > indent && column + 1 + word.length() > WIDTH)
            {
                text.append('\n').append(" ".repeat(indent));
                column = indent;
            }
            if (column > indent)
            {
                text.append(' ');
                column++;
            }
            text.append(word);
            column += word.length();
        }
        text.append('\n');
    }

    private void program(final int indent, final String content)
    {
        separate();
        ascii(content).lines().forEach(
            (line) -> text.append(line.isEmpty() ? "" : " ".repeat(indent)).append(line).append('\n'));
    }

    /** The text of a node in one line. */
    static String inline(final Node node)
    {
        return ascii(node.getTextContent()).replaceAll("\\s+", " ").strip();
    }

    /** Replaces Asciidoctor's typographic characters by ASCII, which can be copied and which any terminal shows. */
    private static String ascii(final String content)
    {
        return content
            .replaceAll("[\u2018\u2019]", "'")
            .replaceAll("[\u201c\u201d]", "\"")
            .replace("\u2013", "-")
            .replace("\u2014", "--")
            .replace("\u2026", "...")
            .replaceAll("[\u00a0\u2009]", " ")
            .replace("\u200b", "");
    }
}
