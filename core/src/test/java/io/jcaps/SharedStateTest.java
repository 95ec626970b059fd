/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps;

import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassVisitor;
import net.bytebuddy.jar.asm.FieldVisitor;
import net.bytebuddy.jar.asm.Handle;
import net.bytebuddy.jar.asm.Label;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * State that two threads of a process share has one writer, or one lock, or changes by one atomic operation. Each field
 * that changes is in one list, {@code shared-state.txt}, with its guard, and the classes are as the list says. A field
 * is guarded at an instruction if a monitor, a lock or the port's gate is held on each path to the instruction, or at
 * each call of its method.
 */
class SharedStateTest
{
    private static final List<String> PACKAGES = List.of("io/jcaps/", "io/jcaps/table/", "io/jcaps/wait/",
        "io/jcaps/link/");
    private static final Path CLASSES = Path.of("target", "classes").toAbsolutePath();
    /** Stores of a volatile field that was read before, whose value depends only on the method's own work. */
    private static final Set<String> INDEPENDENT = Set.of("Port.closeCounted isEndDue");
    /** Classes whose methods a port calls within its gate by a name of its super class. */
    private static final Set<String> PORTS = Set.of("PortLife", "Port", "ClientPort", "ServicePort");

    /** The classes of links that a port uses. */
    private static final Set<String> LINKS = Set.of("ClientLink", "IncomingReplies", "Aborts", "LinkSet",
        "LinkLeases", "DroppedLinks", "ServiceLink", "ServiceViews", "Batch", "Disposals");
    /** Used by a port within its gate, except one method. */
    private static final String ACCEPTOR = "Acceptor";

    private static final Map<String, String> GUARDS = new TreeMap<>();
    private static final Set<String> ANY_THREAD = new TreeSet<>();
    private static final Map<String, Integer> FIELDS = new TreeMap<>();
    private static final Map<String, Method> METHODS = new TreeMap<>();
    private static final Set<String> METHODS_BY_HANDLE = new HashSet<>();

    /** Has the faults that this test looks for. */
    @SuppressWarnings("unused") // only its bytes are read
    private static final class Faulty
    {
        private volatile boolean isDue;
        private int count;

        /** A store of another thread between the load and the store is lost. */
        void raise(final boolean isMore)
        {
            isDue |= isMore;
        }

        synchronized void add()
        {
            addOne();
        }

        private void addOne()
        {
            count++;
        }

        int count()
        {
            return count;
        }
    }

    /** One method: its relevant instructions, and whether a guard is held at each. */
    private static final class Method
    {
        private final String owner;
        private final String name;
        private final int access;
        private final List<Step> steps = new ArrayList<>();
        private final Map<Label, Integer> labels = new HashMap<>();
        private final List<Label[]> handlers = new ArrayList<>();
        private int[] held;

        Method(final String owner, final String name, final int access)
        {
            this.owner = owner;
            this.name = name;
            this.access = access;
        }

        boolean isConstructor()
        {
            return "<init>".equals(name) || "<clinit>".equals(name);
        }

        boolean isSynchronized()
        {
            return (access & Opcodes.ACC_SYNCHRONIZED) != 0;
        }

        /** Finds how many monitors, locks and gates are held at least before each step. */
        void follow()
        {
            held = new int[steps.size()];
            Arrays.fill(held, Integer.MAX_VALUE);
            final ArrayDeque<Integer> toDo = new ArrayDeque<>();
            reach(0, isSynchronized() ? 1 : 0, toDo);
            while (!toDo.isEmpty())
            {
                final int index = toDo.poll();
                final Step step = steps.get(index);
                for (final Label[] handler : handlers)
                {
                    if (labels.get(handler[0]) <= index && index < labels.get(handler[1]))
                    {
                        reach(labels.get(handler[2]), held[index], toDo);
                    }
                }
                final int after = Math.max(0, held[index] + step.change);
                for (final Label target : step.targets)
                {
                    reach(labels.get(target), after, toDo);
                }
                if (!step.isEnd)
                {
                    reach(index + 1, after, toDo);
                }
            }
        }

        private void reach(final int index, final int count, final ArrayDeque<Integer> toDo)
        {
            if (index < held.length && count < held[index])
            {
                held[index] = count;
                toDo.add(index);
            }
        }
    }

    /** One instruction. */
    private static final class Step
    {
        private final int opcode;
        // Class.name of a field or method, null for neither.
        private final String member;
        private final int change;
        private final List<Label> targets;
        private final boolean isEnd;

        Step(
            final int opcode, final String member, final int change, final List<Label> targets, final boolean isEnd)
        {
            this.opcode = opcode;
            this.member = member;
            this.change = change;
            this.targets = targets;
            this.isEnd = isEnd;
        }
    }

    @BeforeAll
    static void read() throws IOException
    {
        try (InputStream in = SharedStateTest.class.getResourceAsStream("shared-state.txt"))
        {
            new String(in.readAllBytes(), StandardCharsets.UTF_8).lines()
                .filter((line) -> !line.isBlank() && !line.startsWith("#"))
                .map((line) -> line.split("\\s+"))
                .forEach((words) ->
                {
                    for (int i = 1; i < words.length; i++)
                    {
                        if ("any-thread".equals(words[0]))
                        {
                            ANY_THREAD.add(words[i]);
                            continue;
                        }
                        assertThat(GUARDS.put(words[i], words[0])).as("listed twice: %s", words[i]).isNull();
                    }
                });
        }
        for (final String each : PACKAGES)
        {
            try (Stream<Path> files = Files.list(CLASSES.resolve(each)))
            {
                for (final Path file : files.filter((it) -> it.toString().endsWith(".class")).sorted().toList())
                {
                    new ClassReader(Files.readAllBytes(file)).accept(new Reader(), ClassReader.SKIP_FRAMES);
                }
            }
        }
        try (InputStream in = Faulty.class.getResourceAsStream(shortName(Faulty.class.getName().replace('.', '/')) +
            ".class"))
        {
            new ClassReader(in.readAllBytes()).accept(new Reader(), ClassReader.SKIP_FRAMES);
        }
        METHODS.values().forEach(Method::follow);
    }

    private static String shortName(final String internalName)
    {
        return internalName.substring(internalName.lastIndexOf('/') + 1);
    }

    private static String guard(final String field)
    {
        final String exact = GUARDS.get(field);
        return null != exact ? exact : GUARDS.get(field.substring(0, field.indexOf('.')) + ".*");
    }

    /** Reads fields and methods of one class. */
    private static final class Reader extends ClassVisitor
    {
        private String owner;

        Reader()
        {
            super(Opcodes.ASM9);
        }

        @Override
        public void visit(
            final int version,
            final int access,
            final String name,
            final String signature,
            final String superName,
            final String[] interfaces)
        {
            owner = shortName(name);
        }

        @Override
        public FieldVisitor visitField(
            final int access,
            final String name,
            final String descriptor,
            final String signature,
            final Object value)
        {
            final boolean isContainer = descriptor.startsWith("[") || descriptor.matches(
                "Ljava/util/(ArrayList|BitSet|HashMap);|Lorg/agrona/collections/.*");
            if ((access & (Opcodes.ACC_STATIC | Opcodes.ACC_SYNTHETIC)) == 0 &&
                ((access & Opcodes.ACC_FINAL) == 0 || isContainer))
            {
                FIELDS.put(owner + '.' + name, access);
            }
            return null;
        }

        @Override
        public MethodVisitor visitMethod(
            final int access,
            final String name,
            final String descriptor,
            final String signature,
            final String[] exceptions)
        {
            final Method method = new Method(owner, name, access);
            METHODS.put(owner + '.' + name + descriptor, method);
            return new Steps(method);
        }
    }

    /** Reads the instructions of one method. */
    private static final class Steps extends MethodVisitor
    {
        private final Method method;

        Steps(final Method method)
        {
            super(Opcodes.ASM9);
            this.method = method;
        }

        private void add(
            final int opcode, final String member, final int change, final List<Label> targets, final boolean isEnd)
        {
            method.steps.add(new Step(opcode, member, change, targets, isEnd));
        }

        @Override
        public void visitLabel(final Label label)
        {
            method.labels.put(label, method.steps.size());
        }

        @Override
        public void visitTryCatchBlock(final Label start, final Label end, final Label handler, final String type)
        {
            method.handlers.add(new Label[]{start, end, handler});
        }

        @Override
        public void visitInsn(final int opcode)
        {
            final boolean isEnd = opcode >= Opcodes.IRETURN && opcode <= Opcodes.RETURN || Opcodes.ATHROW == opcode;
            add(opcode, null, Opcodes.MONITORENTER == opcode ? 1 : Opcodes.MONITOREXIT == opcode ? -1 : 0, List.of(),
                isEnd);
        }

        @Override
        public void visitJumpInsn(final int opcode, final Label label)
        {
            add(opcode, null, 0, List.of(label), Opcodes.GOTO == opcode);
        }

        @Override
        public void visitTableSwitchInsn(final int min, final int max, final Label other, final Label... labels)
        {
            visitSwitch(other, labels);
        }

        @Override
        public void visitLookupSwitchInsn(final Label other, final int[] keys, final Label[] labels)
        {
            visitSwitch(other, labels);
        }

        private void visitSwitch(final Label other, final Label[] labels)
        {
            final List<Label> targets = new ArrayList<>(List.of(labels));
            targets.add(other);
            add(Opcodes.LOOKUPSWITCH, null, 0, targets, true);
        }

        @Override
        public void visitFieldInsn(
            final int opcode, final String owner, final String name, final String descriptor)
        {
            add(opcode, shortName(owner) + '.' + name, 0, List.of(), false);
        }

        @Override
        public void visitMethodInsn(
            final int opcode,
            final String owner,
            final String name,
            final String descriptor,
            final boolean isInterface)
        {
            final int change = switch (shortName(owner) + '.' + name)
            {
                case "Gate.enter", "ReentrantLock.lock", "ReentrantLock.tryLock" -> 1;
                case "Gate.exit", "ReentrantLock.unlock" -> -1;
                default -> 0;
            };
            add(opcode, shortName(owner) + '.' + name + descriptor, change, List.of(), false);
        }

        @Override
        public void visitInvokeDynamicInsn(
            final String name, final String descriptor, final Handle bootstrap, final Object... arguments)
        {
            add(Opcodes.INVOKEDYNAMIC, null, 0, List.of(), false);
            for (final Object argument : arguments)
            {
                if (argument instanceof Handle handle)
                {
                    // A method handle may be called anywhere.
                    METHODS_BY_HANDLE.add(shortName(handle.getOwner()) + '.' + handle.getName() + handle.getDesc());
                }
            }
        }

        @Override
        public void visitVarInsn(final int opcode, final int index)
        {
            add(opcode, null, 0, List.of(), false);
        }

        @Override
        public void visitTypeInsn(final int opcode, final String type)
        {
            add(opcode, null, 0, List.of(), false);
        }

        @Override
        public void visitIntInsn(final int opcode, final int operand)
        {
            add(opcode, null, 0, List.of(), false);
        }

        @Override
        public void visitLdcInsn(final Object value)
        {
            add(Opcodes.LDC, null, 0, List.of(), false);
        }

        @Override
        public void visitIincInsn(final int index, final int increment)
        {
            add(Opcodes.IINC, null, 0, List.of(), false);
        }
    }

    // ---- what is guarded

    /** Whether a monitor, a lock or a gate is held at a step, or at each call of the step's method. */
    private static boolean isGuarded(final Method method, final int index, final Set<Method> callers)
    {
        if (method.isConstructor() || method.held[index] > 0)
        {
            return true;
        }
        // No path leads to unreachable code.
        return isCalledGuarded(method, callers);
    }

    private static boolean isCalledGuarded(final Method called, final Set<Method> callers)
    {
        if ((called.access & Opcodes.ACC_PUBLIC) != 0 && !ACCEPTOR.equals(called.owner) || !callers.add(called))
        {
            return false;
        }
        boolean isCalled = false;
        for (final Method method : METHODS.values())
        {
            for (int i = 0; i < method.steps.size(); i++)
            {
                final String member = method.steps.get(i).member;
                if (null != member && member.indexOf('(') > 0 && isCallOf(member, called))
                {
                    isCalled = true;
                    if (!isGuarded(method, i, new HashSet<>(callers)))
                    {
                        return false;
                    }
                }
            }
        }
        return isCalled && METHODS_BY_HANDLE.stream().noneMatch((handle) -> isCallOf(handle, called));
    }

    /** Ports call each other's methods by the names of their common class. */
    private static boolean isCallOf(final String member, final Method called)
    {
        final String owner = member.substring(0, member.indexOf('.'));
        final Method named = METHODS.get(called.owner + member.substring(member.indexOf('.')));
        return named == called && (owner.equals(called.owner) || PORTS.contains(owner) && PORTS.contains(called.owner));
    }

    private static boolean isLockOf(final Method method, final int index)
    {
        return index + 2 < method.steps.size() && Opcodes.DUP == method.steps.get(index + 1).opcode &&
            index + 3 < method.steps.size() && Opcodes.MONITORENTER == method.steps.get(index + 3).opcode;
    }

    private static List<String> unguarded(final String... guards)
    {
        final Set<String> wanted = Set.of(guards);
        final List<String> result = new ArrayList<>();
        for (final Method method : METHODS.values())
        {
            for (int i = 0; i < method.steps.size(); i++)
            {
                final Step step = method.steps.get(i);
                if ((Opcodes.GETFIELD == step.opcode || Opcodes.PUTFIELD == step.opcode) &&
                    FIELDS.containsKey(step.member) && wanted.contains(guard(step.member)) &&
                    !isLockOf(method, i) && !isGuarded(method, i, new HashSet<>()))
                {
                    result.add(method.owner + '.' + method.name + ' ' + step.member);
                }
            }
        }
        return result;
    }

    // ---- the tests

    @Test
    @DisplayName("The list of guards names each field that changes, and no other")
    void shouldListEachField()
    {
        assertThat(FIELDS.keySet()).as("not listed").allMatch((field) -> null != guard(field));
        final Set<String> unknown = new TreeSet<>(GUARDS.keySet());
        unknown.removeIf((field) -> field.endsWith(".*") ?
            FIELDS.keySet().stream().anyMatch((it) -> it.startsWith(field.substring(0, field.length() - 1))) :
            FIELDS.containsKey(field));
        assertThat(unknown).as("listed, and not there").isEmpty();
    }

    @Test
    @DisplayName("A field that any thread reads is volatile, and each volatile field is listed as such")
    void shouldBeVolatile()
    {
        FIELDS.forEach((field, access) ->
        {
            final boolean isVolatile = (access & Opcodes.ACC_VOLATILE) != 0;
            final String guard = guard(field);
            assertThat(isVolatile || "Gate.held".equals(field)).as(field)
                .isEqualTo(Set.of("volatile", "once", "atomic").contains(guard));
        });
    }

    @Test
    @DisplayName("A volatile field is read and then stored only under a lock, so that no other store is lost")
    void shouldNotReadAndStoreVolatile()
    {
        final List<String> found = new ArrayList<>();
        for (final Method method : METHODS.values())
        {
            final Set<String> read = new HashSet<>();
            for (int i = 0; i < method.steps.size(); i++)
            {
                final Step step = method.steps.get(i);
                final String guard = null == step.member || !FIELDS.containsKey(step.member) ? "" : guard(step.member);
                if (Opcodes.GETFIELD == step.opcode && "volatile".equals(guard))
                {
                    read.add(step.member);
                }
                else if (Opcodes.PUTFIELD == step.opcode && read.contains(step.member) &&
                    !isGuarded(method, i, new HashSet<>()))
                {
                    found.add(method.owner + '.' + method.name + ' ' +
                        step.member.substring(step.member.indexOf('.') + 1));
                }
                else if (Opcodes.PUTFIELD == step.opcode && "once".equals(guard) && !method.isConstructor() &&
                    Opcodes.ICONST_1 != method.steps.get(i - 1).opcode)
                {
                    found.add(method.owner + '.' + method.name + ": not true: " + step.member);
                }
                else if (Opcodes.PUTFIELD == step.opcode && "atomic".equals(guard) && !method.isConstructor())
                {
                    found.add(method.owner + '.' + method.name + ": not atomic: " + step.member);
                }
            }
        }
        assertThat(found).as("what is seeded").contains("SharedStateTest$Faulty.raise isDue");
        assertThat(found).filteredOn((it) -> !it.startsWith("SharedStateTest"))
            .containsOnly(INDEPENDENT.toArray(new String[0]));
    }

    @Test
    @DisplayName("Ports use their links within the gate, except by methods that any thread may call")
    void shouldUseLinksWithinGate()
    {
        final Set<String> outside = new TreeSet<>();
        for (final Method method : METHODS.values())
        {
            for (int i = 0; i < method.steps.size(); i++)
            {
                final String member = method.steps.get(i).member;
                final int end = null == member ? -1 : member.indexOf('(');
                if (end > 0 && !member.contains("<init>") && !LINKS.contains(method.owner) &&
                    LINKS.contains(member.substring(0, member.indexOf('.'))) && !isGuarded(method, i, new HashSet<>()))
                {
                    outside.add(member.substring(0, end));
                }
            }
        }
        assertThat(outside).isEqualTo(ANY_THREAD);
    }

    @Test
    @DisplayName("A field that a monitor, a lock or the gate guards is used only under it")
    void shouldUseUnderLock()
    {
        assertThat(unguarded("locked", "gate")).as("what is seeded alone")
            .containsExactly("SharedStateTest$Faulty.count SharedStateTest$Faulty.count");
    }
}
