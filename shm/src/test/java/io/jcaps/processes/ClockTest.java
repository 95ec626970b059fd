/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.processes;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTag;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.jcaps.host.LocalRegion;
import io.jcaps.layout.PortEntry;
import io.jcaps.layout.RegionHeader;
import org.junit.jupiter.api.DisplayName;

import java.util.List;
import java.util.Set;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

/**
 * F19: no clock that can jump decides anything. The wall clock is read where a region and a port are made, for people,
 * and nothing in the library reads what it said. All else counts by {@code System.nanoTime}, which does not jump, and
 * no two processes compare what they counted.
 */
// It has nothing but rules, and the engine makes an instance of it: no utility class.
@SuppressWarnings("checkstyle:hideutilityclassconstructor")
@AnalyzeClasses(
    packages = "io.jcaps", importOptions = {ImportOption.DoNotIncludeTests.class, ClockTest.WithoutTestJars.class})
@ArchTag("full")
@DisplayName("F19: no clock that can jump decides anything")
class ClockTest
{
    /** Another module's tests come as a jar, or as a directory of classes. */
    static final class WithoutTestJars implements ImportOption
    {
        @Override
        public boolean includes(final Location location)
        {
            return !location.contains("-tests.jar") && !location.contains("/test-classes/");
        }
    }

    private static final Set<String> MAY_NOTE_THE_TIME = Set.of(
        "io.jcaps.table.Registry.publish", "io.jcaps.table.ErrorLog.open", "io.jcaps.shm.file.RegionOpener.create",
        LocalRegion.class.getName() + ".<init>");
    private static final List<String> WALL_CLOCKS = List.of("java.time.", "java.util.Date", "java.util.Calendar",
        "java.util.Timer", "java.nio.file.attribute.FileTime", "java.lang.ProcessHandle$Info");

    @ArchTest
    static final ArchRule F19_ONLY_WHO_MAKES_SOMETHING_NOTES_THE_TIME = noClasses().should().accessTargetWhere(
        new DescribedPredicate<JavaAccess<?>>("the wall clock is read, but to note when something was made")
        {
            @Override
            public boolean test(final JavaAccess<?> access)
            {
                return access.getTarget().getOwner().isEquivalentTo(System.class) &&
                    "currentTimeMillis".equals(access.getTarget().getName()) &&
                    !MAY_NOTE_THE_TIME.contains(
                        access.getOriginOwner().getName() + "." + access.getOrigin().getName());
            }
        });

    /** But the view, which shows it to people and decides nothing. */
    @ArchTest
    static final ArchRule F19_NOBODY_READS_WHAT_WAS_NOTED = noClasses()
        .that().doNotHaveFullyQualifiedName("io.jcaps.shm.inspect.RegionView")
        .should().callMethod(PortEntry.class, "openedAtMs")
        .orShould().callMethod(RegionHeader.class, "createdAtMs");

    @ArchTest
    static final ArchRule F19_NOBODY_KNOWS_ANOTHER_WALL_CLOCK = noClasses().should().dependOnClassesThat(
        new DescribedPredicate<>("tell the time of day")
        {
            @Override
            public boolean test(final JavaClass javaClass)
            {
                return WALL_CLOCKS.stream().anyMatch(javaClass.getName()::startsWith);
            }
        });

    @ArchTest
    static final ArchRule F19_NOBODY_WAITS_UNTIL_A_TIME_OF_DAY = noClasses().should().accessTargetWhere(
        new DescribedPredicate<JavaAccess<?>>("waits by the wall clock")
        {
            @Override
            public boolean test(final JavaAccess<?> access)
            {
                final String name = access.getTarget().getName();
                return "parkUntil".equals(name) || "awaitUntil".equals(name) || "lastModified".equals(name) ||
                    "getLastModifiedTime".equals(name) || "startInstant".equals(name);
            }
        });
}
