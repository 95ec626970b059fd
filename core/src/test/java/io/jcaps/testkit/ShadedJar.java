/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.testkit;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Checks a jar that contains its dependencies: it must also contain the licence texts of all of them.
 * {@code META-INF/licenses/index.txt} has a line for each: jar without version, licence, entry with the text.
 */
public final class ShadedJar
{
    private static final String INDEX = "META-INF/licenses/index.txt";

    private ShadedJar()
    {
    }

    /**
     * @param path of the jar; what it was made of is on the class path.
     * @return each jar of the class path that is bundled, by name without version, with what is missing for it: null if
     *     nothing is.
     * @throws IOException if a jar cannot be read.
     */
    public static Map<String, String> missingLicences(final Path path) throws IOException
    {
        final Map<String, String> result = new HashMap<>();
        try (ZipFile jar = new ZipFile(path.toFile()))
        {
            final Map<String, String> texts = index(jar);
            for (final String entry : bundledCandidates())
            {
                if (isBundled(jar, Path.of(entry)))
                {
                    final String name = Path.of(entry).getFileName().toString().replaceFirst("-\\d.*\\.jar$", "");
                    final String text = texts.get(name);
                    result.put(name, null == text ? "no line in " + INDEX :
                        null == jar.getEntry(text) || 0 == jar.getEntry(text).getSize() ? "no text " + text : null);
                }
            }
        }
        return result;
    }

    private static List<String> bundledCandidates()
    {
        final List<String> result = new ArrayList<>();
        for (final String entry : System.getProperty("java.class.path").split(File.pathSeparator))
        {
            if (entry.endsWith(".jar") && !Path.of(entry).getFileName().toString().startsWith("caps-"))
            {
                result.add(entry);
            }
        }
        return result;
    }

    private static boolean isBundled(final ZipFile jar, final Path candidate) throws IOException
    {
        try (ZipFile dependency = new ZipFile(candidate.toFile()))
        {
            final Optional<? extends ZipEntry> aClass = dependency.stream().filter((entry) ->
                entry.getName().endsWith(".class") && !entry.getName().endsWith("-info.class")).findFirst();
            return aClass.isPresent() && null != jar.getEntry(aClass.get().getName());
        }
    }

    private static Map<String, String> index(final ZipFile jar) throws IOException
    {
        final Map<String, String> result = new HashMap<>();
        final ZipEntry index = jar.getEntry(INDEX);
        if (null != index)
        {
            final String text = new String(jar.getInputStream(index).readAllBytes(), StandardCharsets.UTF_8);
            text.lines().filter((line) -> !line.isBlank() && !line.startsWith("#")).forEach((line) ->
            {
                final String[] columns = line.split("\\s*\\|\\s*");
                result.put(columns[0].strip(), columns[2].strip());
            });
        }
        return result;
    }
}
