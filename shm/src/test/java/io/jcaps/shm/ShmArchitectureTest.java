/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

import java.util.Set;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

// It has nothing but rules, and the engine makes an instance of it: no utility class.
@SuppressWarnings("checkstyle:hideutilityclassconstructor")
@AnalyzeClasses(packages = {"io.jcaps.shm", "io.jcaps.sys"}, importOptions = ImportOption.DoNotIncludeTests.class)
class ShmArchitectureTest
{
    /** Settings. The packages below {@code io.jcaps.shm} use these of it alone. */
    private static final Set<Class<?>> VALUES = Set.of(Access.class, RegionConfig.class);

    // Arrows go down.
    @ArchTest
    static final ArchRule PACKAGES_DEPEND_DOWNWARDS = layeredArchitecture().consideringOnlyDependenciesInLayers()
        .layer("sys").definedBy("io.jcaps.sys")
        .layer("inspect").definedBy("io.jcaps.shm.inspect")
        .layer("metrics").definedBy("io.jcaps.shm.metrics")
        .layer("shm").definedBy(resideInAPackage("io.jcaps.shm").and(not(values())))
        .layer("file").definedBy("io.jcaps.shm.file")
        .layer("values").definedBy(values())
        .layer("os").definedBy("io.jcaps.shm.os")
        .whereLayer("sys").mayOnlyAccessLayers("shm", "values")
        .whereLayer("inspect").mayOnlyAccessLayers("shm", "file", "values", "os")
        .whereLayer("shm").mayOnlyAccessLayers("file", "values", "os", "metrics")
        .whereLayer("metrics").mayNotAccessAnyLayer()
        .whereLayer("file").mayOnlyAccessLayers("values", "os")
        .whereLayer("values").mayOnlyAccessLayers("os")
        .whereLayer("os").mayNotAccessAnyLayer()
        .ensureAllClassesAreContainedInArchitecture();

    private static DescribedPredicate<JavaClass> values()
    {
        return new DescribedPredicate<>("settings of io.jcaps.shm")
        {
            @Override
            public boolean test(final JavaClass javaClass)
            {
                JavaClass outer = javaClass.getBaseComponentType();
                while (outer.getEnclosingClass().isPresent())
                {
                    outer = outer.getEnclosingClass().get();
                }
                return VALUES.stream().anyMatch(outer::isEquivalentTo);
            }
        };
    }
}
