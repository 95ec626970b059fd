/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.man;

import io.jcaps.sys.CapsSys;
import io.jcaps.tools.CapsCommand;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * The manual against itself, against the code, and against the programs that show it. That Asciidoctor warns of nothing
 * is checked by the build.
 */
class ManualTest
{
    private static final Map<Integer, List<String>> SECTIONS = Map.of(
        1, List.of("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", "EXIT STATUS", "ENVIRONMENT", "FILES",
            "EXAMPLES", "SEE ALSO"),
        2, List.of("NAME", "SYNOPSIS", "DESCRIPTION", "RETURN VALUES", "ERRORS", "EXAMPLES", "SEE ALSO"),
        3, List.of("NAME", "SYNOPSIS", "DESCRIPTION", "RETURN VALUES", "ERRORS", "EXAMPLES", "SEE ALSO"),
        7, List.of("NAME", "SYNOPSIS", "DESCRIPTION", "ERRORS", "EXAMPLES", "NOTES", "SEE ALSO"));
    private static final Path SOURCES = Path.of("src", "main", "man");
    private static final Path C = Path.of("..", "c");
    private static final List<Path> HEADERS =
        List.of(C.resolve("include/libcaps/sys/caps.h"), C.resolve("include/libcaps/libcaps.h"));
    private static final Path C_EXAMPLES = C.resolve("test/manual.c");
    private static final List<String> ENVIRONMENT = List.of("CAPS_REGION", "CAPS_ENABLED");
    /** Errors that only the C calls have. */
    private static final List<String> C_ERRORS = List.of("ETIMEDOUT", "EBUSY", "EPROTO", "ENOMEM");
    private static final Pattern DEFINED = Pattern.compile("(?m)^#define (CAP[A-Z0-9_]+)");
    private static final Pattern FUNCTION = Pattern.compile("(?m)^[a-z][a-z_ ]*[ *]caps_[a-z_]+\\([^;]*\\);");
    private static final Path EXAMPLES = Path.of("src/test/java/io/jcaps/tools/man/ManualExamples.java");
    private static final Pattern REFERENCE = Pattern.compile("\\b[a-z][a-z_-]*\\([1-9]\\)");
    private static final Pattern ERRNO = Pattern.compile("\\bE[A-Z]{3,}\\b");
    private static final Pattern CONSTANT = Pattern.compile("\\bCAP(?:F|MS|S)_[A-Z_]+\\b");
    private static final Pattern VALUE = Pattern.compile("\\b((?:CAP(?:F|MS|S)_|E)[A-Z_]+)\\*? \\((\\d+)\\)");
    /** In the head of each page, for groff's links. */
    private static final Pattern MEANT_FOR_GROFF =
        Pattern.compile("skipping unknown macro:\\s+LINKSTYLE|skipping insecure request: mso");
    /** man indents programs by 11 columns. */
    private static final int PROGRAM_WIDTH = 68;
    // Documented with open.
    private static final List<String> WITH_OPEN = List.of("open", "errno", "close()");

    static List<ManualPage> pages()
    {
        return ManualPage.ALL;
    }

    @Test
    @DisplayName("Each source is a page that caps man knows, and each page has a source")
    void shouldKnowEachPage() throws IOException
    {
        try (Stream<Path> files = Files.list(SOURCES))
        {
            assertThat(files.map((file) -> file.getFileName().toString()).filter((name) -> !name.startsWith("_")))
                .containsExactlyInAnyOrderElementsOf(
                    pages().stream().map((page) -> page.fileName() + ".adoc").toList());
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("pages")
    @DisplayName("Each page has its sections, in the usual order, and none is empty")
    void shouldHaveAllSections(final ManualPage page)
    {
        final Map<String, Element> sections = sections(page);
        assertThat(sections.keySet()).containsExactlyElementsOf(SECTIONS.get(page.section()));
        sections.forEach((title, section) -> assertThat(PlainText.inline(section)).as(title).isNotEmpty());
        assertThat(PlainText.inline(sections.get("NAME"))).startsWith(page.name() + " - ");
        assertThat(page.purpose()).doesNotEndWith(".");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("pages")
    @DisplayName("Each page that is referred to is there")
    void shouldReferToPagesThatAreThere(final ManualPage page)
    {
        final List<String> titles = pages().stream().map(ManualPage::title).toList();
        assertThat(references(page.text())).isSubsetOf(titles);
        assertThat(references(PlainText.inline(sections(page).get("SEE ALSO"))))
            .isNotEmpty().doesNotContain(page.title()).doesNotHaveDuplicates();
        final NodeList links = page.parse().getElementsByTagName("a");
        for (int i = 0; i < links.getLength(); i++)
        {
            final Element link = (Element)links.item(i);
            assertThat(pages()).anySatisfy((target) ->
            {
                assertThat(link.getAttribute("href")).isEqualTo(target.htmlFileName());
                assertThat(link.getTextContent()).isEqualTo(target.title());
            });
        }
        // The same in roff, where a reference is bold, and its hyphen escaped.
        assertThat(references(new String(page.roff(), StandardCharsets.UTF_8)
            .replaceAll("\\\\f[BP]", "").replace("\\-", "-")))
            .isSubsetOf(titles);
    }

    @Test
    @DisplayName("Each call of CapsSys has a page, whose SYNOPSIS is its declaration")
    void shouldHaveAPageForEachCall()
    {
        for (final Method method : CapsSys.class.getDeclaredMethods())
        {
            if (!Modifier.isPublic(method.getModifiers()) || method.isSynthetic())
            {
                continue;
            }
            final boolean isWithOpen = WITH_OPEN.contains(method.getName()) ||
                WITH_OPEN.contains(method.getName() + "()") && 0 == method.getParameterCount();
            final ManualPage page =
                ManualPage.find(ManualPage.CALL_PREFIX + (isWithOpen ? "open" : method.getName()), 2);
            assertThat(page).as("page of " + method).isNotNull();
            final String declaration = "\\b" + method.getReturnType().getSimpleName() + ' ' + method.getName() + "\\(" +
                Arrays.stream(method.getParameterTypes()).map((type) -> type.getSimpleName() + " [a-z]+")
                    .collect(Collectors.joining(", ")) + "\\);";
            assertThat(PlainText.inline(sections(page).get("SYNOPSIS"))).containsPattern(declaration);
        }
    }

    @Test
    @DisplayName("Each function of the C headers is in the SYNOPSIS of a page of section 2 or 3, as it is declared")
    void shouldHaveEachFunctionOfC() throws IOException
    {
        final String synopses = pages().stream().filter((page) -> 2 == page.section() || 3 == page.section())
            .map((page) -> sections(page).get("SYNOPSIS").getTextContent()).collect(Collectors.joining(" "))
            .replaceAll("\\s+", " ");
        int count = 0;
        for (final Path header : HEADERS)
        {
            final Matcher function = FUNCTION.matcher(Files.readString(header));
            while (function.find())
            {
                assertThat(synopses).contains(function.group().replaceAll("\\s+", " "));
                count++;
            }
        }
        assertThat(count).isGreaterThan(25);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("pages")
    @DisplayName("Each errno, flag, state and result that is named is one of CapsSys, and has the value that is given")
    void shouldNameWhatIsThere(final ManualPage page) throws IOException
    {
        final Map<String, Integer> constants = constants();
        final String text = page.parse().getElementsByTagName("body").item(0).getTextContent();
        if (1 != page.section())
        {
            final Set<String> known = new TreeSet<>(constants.keySet());
            known.addAll(C_ERRORS);
            for (final Path header : HEADERS)
            {
                known.addAll(DEFINED.matcher(Files.readString(header)).results()
                    .map((found) -> found.group(1)).toList());
            }
            known.addAll(ENVIRONMENT);
            assertThat(matches(ERRNO, bold(page))).isSubsetOf(known);
            assertThat(matches(CONSTANT, text)).isSubsetOf(known);
        }
        final Matcher value = VALUE.matcher(text);
        while (value.find())
        {
            assertThat(Integer.parseInt(value.group(2))).as(value.group()).isEqualTo(constants.get(value.group(1)));
        }
    }

    @Test
    @DisplayName("Each errno of CapsSys, with its number, is in caps(7), and each constant on some page")
    void shouldNameAllThatIsThere()
    {
        final String errors = PlainText.inline(sections(ManualPage.find("caps", 7)).get("ERRORS"));
        final String all = pages().stream().map(ManualPage::text).collect(Collectors.joining());
        constants().forEach((name, value) ->
        {
            if (name.startsWith("E"))
            {
                assertThat(errors).containsPattern("\\b" + name + "(, E[A-Z]+)? \\(" + value + "\\)");
            }
            assertThat(all).containsPattern("\\b" + name + "\\b");
        });
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("pages")
    @DisplayName("The text under EXAMPLES is compiled: it is that of ManualExamples")
    void shouldShowCompiledExamples(final ManualPage page) throws IOException
    {
        final NodeList programs = sections(page).get("EXAMPLES").getElementsByTagName("pre");
        assertThat(programs.getLength()).isPositive();
        if (1 != page.section())
        {
            final String source =
                Files.readString(3 == page.section() ? C_EXAMPLES : EXAMPLES).replaceAll("\\s+", " ");
            for (int i = 0; i < programs.getLength(); i++)
            {
                assertThat(source).contains(programs.item(i).getTextContent().strip().replaceAll("\\s+", " "));
            }
        }
    }

    @Test
    @DisplayName("Each command of caps is described in caps(1)")
    void shouldDescribeEachCommand()
    {
        final String commands = PlainText.inline(sections(ManualPage.find("caps", 1)).get("COMMANDS"));
        assertThat(CapsCommand.commandLine().getSubcommands().keySet()).isNotEmpty()
            .allSatisfy((command) -> assertThat(commands).containsPattern("\\bcaps " + command + "\\b"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("pages")
    @DisplayName("The plain text is ASCII, has no markup left in it, and fits into 80 columns")
    void shouldBeReadableAsText(final ManualPage page)
    {
        assertThat(page.text().lines()).allSatisfy((line) ->
        {
            assertThat(line).matches("[ -~]*").doesNotEndWith(" ");
            assertThat(line).doesNotContain("{caps", "include::", "link:", "]]");
            assertThat(line).hasSizeLessThanOrEqualTo(PlainText.WIDTH);
        });
        final NodeList programs = page.parse().getElementsByTagName("pre");
        for (int i = 0; i < programs.getLength(); i++)
        {
            assertThat(programs.item(i).getTextContent().lines())
                .allSatisfy((line) -> assertThat(line).hasSizeLessThanOrEqualTo(PROGRAM_WIDTH));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("pages")
    @DisplayName("groff formats each page without a warning")
    void shouldPleaseGroff(final ManualPage page) throws IOException, InterruptedException
    {
        assertThat(lint(page, "groff", "-t", "-man", "-ww", "-z", "-Kutf8", "-Tutf8")).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("pages")
    @DisplayName("mandoc finds no error in any page, but that Asciidoctor takes it for groff")
    void shouldPleaseMandoc(final ManualPage page) throws IOException, InterruptedException
    {
        assertThat(lint(page, "mandoc", "-Tlint", "-Werror").lines()
            .filter((line) -> !MEANT_FOR_GROFF.matcher(line).find())).isEmpty();
    }

    /** What a program says of a page. Skipped where there is no such program. */
    private static String lint(final ManualPage page, final String... command) throws IOException, InterruptedException
    {
        final Path file = Path.of("target", "classes", "io", "jcaps", "tools", "man", "pages", page.fileName());
        assertThat(file).hasBinaryContent(page.roff());
        final List<String> arguments = new ArrayList<>(List.of(command));
        arguments.add(file.toString());
        Process process = null;
        try
        {
            process = new ProcessBuilder(arguments).redirectErrorStream(true).start();
        }
        catch (final IOException ex)
        {
            System.out.println("ManualTest: " + page.title() + " is not checked: " + ex.getMessage());
        }
        assumeTrue(null != process, command[0] + " is not installed");
        try
        {
            final String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
            return said;
        }
        finally
        {
            process.destroyForcibly();
        }
    }

    /** What stands under each headline, in the page's order. */
    private static Map<String, Element> sections(final ManualPage page)
    {
        final Map<String, Element> sections = new LinkedHashMap<>();
        final NodeList headlines = page.parse().getElementsByTagName("h2");
        for (int i = 0; i < headlines.getLength(); i++)
        {
            Node body = headlines.item(i).getNextSibling();
            while (!(body instanceof Element))
            {
                body = body.getNextSibling();
            }
            // DESCRIPTION's subsections stand within it.
            sections.put(headlines.item(i).getTextContent(), (Element)body);
        }
        return sections;
    }

    private static String bold(final ManualPage page)
    {
        final NodeList nodes = page.parse().getElementsByTagName("strong");
        return IntStream.range(0, nodes.getLength()).mapToObj((i) -> nodes.item(i).getTextContent())
            .collect(Collectors.joining(" "));
    }

    private static List<String> references(final String text)
    {
        return matches(REFERENCE, text);
    }

    private static List<String> matches(final Pattern pattern, final String text)
    {
        final List<String> matches = new ArrayList<>();
        final Matcher matcher = pattern.matcher(text);
        while (matcher.find())
        {
            matches.add(matcher.group());
        }
        return matches;
    }

    private static Map<String, Integer> constants()
    {
        final Map<String, Integer> constants = new TreeMap<>();
        for (final Field field : CapsSys.class.getFields())
        {
            try
            {
                constants.put(field.getName(), field.getInt(null));
            }
            catch (final IllegalAccessException ex)
            {
                throw new AssertionError(ex);
            }
        }
        return constants;
    }
}
