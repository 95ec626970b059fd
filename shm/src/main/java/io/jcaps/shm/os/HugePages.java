/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm.os;

import org.agrona.UnsafeApi;
import org.agrona.concurrent.UnsafeBuffer;

import java.lang.ref.Reference;

/**
 * Asks Linux, through JNA, to back mapped memory by huge pages. It is advice: where it cannot be given, or the kernel
 * ignores it, ordinary pages are used.
 * <p>
 * Linux follows it for a tmpfs that is mounted with {@code huge=advise}, and aligns the mapping itself. With {@code
 * within_size} or {@code always} it uses huge pages without advice, with {@code never}, the default, not at all.
 * <p>
 * Any thread may call.
 */
public final class HugePages
{
    private static final int MADV_HUGEPAGE = 14;
    private static final int MADV_POPULATE_WRITE = 23;

    private volatile String reason;

    private HugePages(final String reason)
    {
        this.reason = reason;
    }

    /**
     * @param isWanted false to do without.
     * @param osName   as in the system property {@code os.name}.
     * @param archName as in the system property {@code os.arch}.
     * @return an object that asks for them, or has the reason why it cannot.
     */
    public static HugePages open(final boolean isWanted, final String osName, final String archName)
    {
        if (!isWanted)
        {
            return new HugePages("huge ones are not wanted");
        }
        if (!"Linux".equals(osName))
        {
            return new HugePages("no advice for huge ones on " + osName);
        }
        return switch (archName)
        {
            case "amd64", "x86_64", "aarch64" -> new HugePages(NativeCalls.load());
            default -> new HugePages("the advice for huge ones is not known on " + archName);
        };
    }

    /**
     * @return for people: whether they are asked for, and if not, why not.
     */
    public String mode()
    {
        final String reason = this.reason;
        return null == reason ? "huge pages where the kernel gives them" : "ordinary pages: " + reason;
    }

    /**
     * Asks for huge pages for all memory that the mapping is given later. A kernel that does not know the advice is not
     * asked again.
     *
     * @param mapped all of a mapping.
     */
    public void advise(final UnsafeBuffer mapped)
    {
        if (null == reason)
        {
            final int result = madvise(mapped, 0, mapped.capacity(), MADV_HUGEPAGE);
            if (0 != result)
            {
                reason = "the advice for huge ones fails with " + result + ", errno " + NativeCalls.error();
            }
        }
    }

    /**
     * Allocates memory for part of an advised mapping, and does not change its content. A write to the file allocates
     * small pages, whatever was advised, so this is called before it. If this fails, the write allocates pages, or
     * reports that there is no memory.
     *
     * @param mapped a mapping.
     * @param offset in bytes from its start.
     * @param length in bytes.
     */
    public void populate(final UnsafeBuffer mapped, final int offset, final int length)
    {
        if (null == reason)
        {
            madvise(mapped, offset, length, MADV_POPULATE_WRITE);
        }
    }

    private static int madvise(final UnsafeBuffer mapped, final int offset, final int length, final int advice)
    {
        // The kernel needs whole pages. A mapping begins at a page.
        final long start = mapped.addressOffset() + offset;
        final long pageStart = start & -UnsafeApi.pageSize();
        final int result = NativeCalls.madvise(pageStart, start + length - pageStart, advice);
        Reference.reachabilityFence(mapped);
        return result;
    }
}
