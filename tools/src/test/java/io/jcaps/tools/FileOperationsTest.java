/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Each place at which the library or a command uses a file by its path, and why another user who can change what has
 * that path gains nothing. An operation that is not here fails the test: it goes by an open directory, by a descriptor,
 * or gets a reason.
 */
class FileOperationsTest
{
    private static final String LOOKS = "only decides what is tried next, or what is printed";
    private static final String OWN_PROC = "in /proc or /sys, which the kernel fills";

    /** By class: its operations, and the reason. */
    private static final Map<String, String[]> EXPECTED = Map.ofEntries(
        // The library.
        entry("FileStat", "readAttributes", "the one look at a path; links are not followed but for /proc/self/fd"),
        entry("HeldDirectory", "newDirectoryStream", "a dot behind the path opens nothing but a directory; the open" +
            " one is then compared with the one that was checked"),
        entry("JnaDirectory", "createDirectories createTempDirectory createTempFile deleteIfExists isDirectory" +
            " newDirectoryStream", "TrustedPath: below directories that only this user and root can change"),
        entry("LockFiles", "newDirectoryStream readAttributes", OWN_PROC),
        entry("LockedMemory", "readAllBytes", OWN_PROC),
        entry("OwnLocks", "newDirectoryStream readAllBytes readAttributes", OWN_PROC),
        entry("PortableProcessInfo", "createTempFile deleteIfExists", "a new file of its own"),
        entry("PrivateFile", "createDirectory createLink", "Java has neither relative to a directory: what was made" +
            " is opened and compared, the link's inode is compared after"),
        entry("ProcFs", "FileInputStream readAllBytes readSymbolicLink", OWN_PROC),
        entry("RegionChannel", "open", "no link is followed; with JNA, without waiting where others own the file or" +
            " can replace it; compared with the file found"),
        entry("RegionConfig", "isDirectory", LOOKS),
        entry("RegionDirectory", "createDirectory", "what was made is opened and its owner checked"),
        entry("RegionOpener", "getFileStore", "for the text of an error"),
        entry("StaleFiles", "exists", LOOKS),
        entry("TrustedPath", "readSymbolicLink", "the link was found to be of a trusted user before"),
        // Commands; those that try, measure or bridge have files of their own.
        entry("Arguments", "readAllBytes", OWN_PROC),
        entry("DoctorCommand", "exists getAttribute", LOOKS),
        entry("JsonFile", "deleteIfExists newOutputStream notExists write", "the path is the user's own argument"),
        entry("Keyboard", "FileInputStream", "/dev/tty"),
        entry("ListCommand", "exists isDirectory", LOOKS),
        entry("Machine", "exists getAttribute getOwner getPosixFilePermissions isDirectory isExecutable isReadable" +
            " isSymbolicLink isWritable newDirectoryStream newInputStream readSymbolicLink", "root's files, and looks"),
        entry("ManCommand", "createDirectories createTempDirectory deleteIfExists write",
            "a new directory of its own, or the user's own argument"),
        entry("ReapCommand", "exists", LOOKS),
        entry("RegionOption", "exists", LOOKS),
        entry("Regions", "exists getAttribute isDirectory isReadable isRegularFile newDirectoryStream",
            "looks; a dot behind the path opens nothing but a directory"),
        entry("ServeCommand", "getAttribute", OWN_PROC),
        entry("StandardOutput", "FileOutputStream readSymbolicLink", "its own descriptor"),
        entry("StoppedProcess", "readAllBytes", OWN_PROC),
        entry("Trial", "exists getAttribute isReadable", LOOKS),
        entry("WorkDirectory", "createTempDirectory delete exists isWritable newDirectoryStream readAttributes",
            "a new directory of its own; what has its path later is compared with it before anything is removed"));

    private static final Pattern OPERATION = Pattern.compile(
        "\\bFiles\\.(\\w+)\\(|\\bFileChannel\\.(open)\\(|new (FileInputStream|FileOutputStream|RandomAccessFile)\\(");
    private static final Pattern ELSEWHERE = Pattern.compile(".*/tools/(bench|bridge|demo|remote|soak)/.*");

    private static Map.Entry<String, String[]> entry(final String name, final String operations, final String reason)
    {
        return Map.entry(name, new String[]{operations, reason});
    }

    @Test
    @DisplayName("F23: each use of a file by its path is listed, with the reason why it cannot be abused")
    void shouldKnowEachFileOperation() throws IOException
    {
        final Map<String, String> found = new TreeMap<>();
        for (final String module : new String[]{"shm", "tools"})
        {
            try (Stream<Path> sources = Files.walk(Path.of("..", module, "src", "main", "java")))
            {
                for (final Path source : sources.filter((path) -> path.toString().endsWith(".java")).toList())
                {
                    final TreeSet<String> operations = new TreeSet<>();
                    final Matcher matcher = OPERATION.matcher(Files.readString(source));
                    while (matcher.find())
                    {
                        operations.add(null != matcher.group(1) ? matcher.group(1) :
                            null != matcher.group(2) ? matcher.group(2) : matcher.group(3));
                    }
                    if (!operations.isEmpty() && !ELSEWHERE.matcher(source.toString()).matches())
                    {
                        found.put(source.getFileName().toString().replace(".java", ""), String.join(" ", operations));
                    }
                }
            }
        }
        final Map<String, String> expected = new TreeMap<>();
        EXPECTED.forEach((name, value) -> expected.put(name, value[0]));
        assertThat(found).isEqualTo(expected);
    }
}
