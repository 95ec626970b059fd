/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;

import java.io.Serializable;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

// It has nothing but rules, and the engine makes an instance of it: no utility class.
@SuppressWarnings("checkstyle:hideutilityclassconstructor")
@AnalyzeClasses(packages = "io.jcaps", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest
{
    private static final DescribedPredicate<JavaClass> SEALED = new DescribedPredicate<>("sealed")
    {
        @Override
        public boolean test(final JavaClass javaClass)
        {
            return javaClass.reflect().isSealed();
        }
    };
    private static final DescribedPredicate<JavaClass> FINAL = new DescribedPredicate<>("final")
    {
        @Override
        public boolean test(final JavaClass javaClass)
        {
            return javaClass.getModifiers().contains(JavaModifier.FINAL);
        }
    };

    // Nothing of java.io but what each serializable class, such as an exception or a lambda, drags in.
    @ArchTest
    static final ArchRule CORE_KNOWS_NO_FILES = noClasses().should().dependOnClassesThat(
        resideInAnyPackage("java.nio.file..", "java.nio.channels..").or(
            resideInAPackage("java.io..").and(not(assignableTo(Serializable.class)))));

    @ArchTest
    static final ArchRule CORE_KNOWS_NO_OPERATING_SYSTEM = noClasses().should().dependOnClassesThat(
        resideInAnyPackage("com.sun..", "sun..", "jdk..", "net.openhft..", "io.jcaps.shm..", "org.slf4j.."));

    @ArchTest
    static final ArchRule CORE_NEEDS_AGRONA_ALONE = classes().should().onlyDependOnClassesThat(
        resideInAnyPackage("java..", "org.agrona..", "io.jcaps..").or(
            new DescribedPredicate<>("primitive or array")
            {
                @Override
                public boolean test(final JavaClass javaClass)
                {
                    return javaClass.isPrimitive() || javaClass.isArray();
                }
            }));

    @ArchTest
    static final ArchRule LAYOUT_KNOWS_NOBODY = noClasses().that().resideInAPackage("io.jcaps.layout")
        .should().dependOnClassesThat().resideInAnyPackage("io.jcaps", "io.jcaps.host..");

    @ArchTest
    static final ArchRule HOST_DOES_NOT_KNOW_THE_PROTOCOL = noClasses().that().resideInAPackage("io.jcaps.host")
        .should().dependOnClassesThat().resideInAPackage("io.jcaps");

    @ArchTest
    static final ArchRule NOBODY_EXTENDS_WHAT_IS_PUBLIC = classes().that().arePublic().and().areNotInterfaces()
        .should(ArchCondition.from(FINAL.or(SEALED)));
}
