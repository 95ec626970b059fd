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
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;

import java.io.Serializable;
import java.util.Map;
import java.util.Set;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

// It has only rules, and ArchUnit's engine makes an instance of it: it is no utility class.
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

    // Nothing of java.io, except the types that each serializable class uses, such as an exception or a lambda.
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

    /** Constants, settings and an exception: the packages below {@code io.jcaps} use only these of its classes. */
    private static final Set<Class<?>> VALUES = Set.of(Status.class, Outcome.class, MessageState.class,
        AbortResult.class, PortCounter.class, PortFlags.class, PortOptions.class, CapsException.class);

    /**
     * The classes that may depend on each other. A port removes itself from the open ports when it closes. A message
     * and a claim call the port that filled them. A port calls the handler of a message. A client's port opens the next
     * one when it connects again. A delivery names the link of its request, and the link ends the deliveries of a
     * request that is replied to.
     */
    private static final Map<String, Set<String>> ALLOWED_CYCLES = Map.of(
        "ports", Set.of("OpenPorts", "Port", "ClientPort", "ServicePort", "WaitSet", "Message", "Claim",
            "MessageHandler", "PortOpener"),
        "views", Set.of("Delivery", "ServiceLink", "ServiceViews"));

    private static DescribedPredicate<JavaClass> values()
    {
        return new DescribedPredicate<>("plain values of io.jcaps")
        {
            @Override
            public boolean test(final JavaClass javaClass)
            {
                return VALUES.stream().anyMatch(javaClass.getBaseComponentType()::isEquivalentTo);
            }
        };
    }

    // Arrows go down: io.jcaps, table, link, wait, the values, then host and layout.
    @ArchTest
    static final ArchRule PACKAGES_DEPEND_DOWNWARDS = layeredArchitecture().consideringOnlyDependenciesInLayers()
        .layer("api").definedBy(resideInAPackage("io.jcaps").and(not(values())))
        .layer("table").definedBy("io.jcaps.table")
        .layer("link").definedBy("io.jcaps.link")
        .layer("wait").definedBy("io.jcaps.wait")
        .layer("values").definedBy(values())
        .layer("host").definedBy("io.jcaps.host")
        .layer("layout").definedBy("io.jcaps.layout")
        .whereLayer("table").mayOnlyAccessLayers("link", "wait", "values", "host", "layout")
        .whereLayer("link").mayOnlyAccessLayers("wait", "values", "host", "layout")
        .whereLayer("wait").mayOnlyAccessLayers("values", "host", "layout")
        .whereLayer("values").mayOnlyAccessLayers("host", "layout")
        .whereLayer("host").mayOnlyAccessLayers("layout")
        .whereLayer("layout").mayNotAccessAnyLayer()
        .ensureAllClassesAreContainedInArchitecture();

    @ArchTest
    static final ArchRule CLASSES_HAVE_NO_CYCLES = slices().assignedFrom(new SliceAssignment()
    {
        @Override
        public SliceIdentifier getIdentifierOf(final JavaClass javaClass)
        {
            JavaClass outer = javaClass.getBaseComponentType();
            while (outer.getEnclosingClass().isPresent())
            {
                outer = outer.getEnclosingClass().get();
            }
            final String name = outer.getSimpleName();
            return SliceIdentifier.of(ALLOWED_CYCLES.entrySet().stream()
                .filter((entry) -> entry.getValue().contains(name)).map(Map.Entry::getKey)
                .findFirst().orElse(outer.getName()));
        }

        @Override
        public String getDescription()
        {
            return "each class with what is nested in it, and each of the allowed cycles as one";
        }
    }).should().beFreeOfCycles();

    @ArchTest
    static final ArchRule NOBODY_EXTENDS_WHAT_IS_PUBLIC = classes().that().arePublic().and().areNotInterfaces()
        .should(ArchCondition.from(FINAL.or(SEALED)));
}
