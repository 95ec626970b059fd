/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.sched;

import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassVisitor;
import net.bytebuddy.jar.asm.ClassWriter;
import net.bytebuddy.jar.asm.FieldVisitor;
import net.bytebuddy.jar.asm.Label;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import net.bytebuddy.jar.asm.Type;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Loads the library's classes again, with a call of {@link Baton} at each step, and some of them from other sources.
 * Production classes need no hook for it.
 */
final class SteppedLoader extends ClassLoader
{
    private static final String PACKAGE = "io.jcaps.";
    private static final String NOT_STEPPED = "io.jcaps.sched.";
    private static final String BATON = "io/jcaps/sched/Baton";
    private static final String OF_OBJECT = "(Ljava/lang/Object;)V";

    private final Map<String, byte[]> changed;
    private final Map<String, Set<String>> volatileFields = new HashMap<>();

    /**
     * @param changed bytes of classes that are not as they are in the library, by name.
     */
    SteppedLoader(final Map<String, byte[]> changed)
    {
        super(SteppedLoader.class.getClassLoader());
        this.changed = changed;
    }

    @Override
    protected Class<?> loadClass(final String name, final boolean resolve) throws ClassNotFoundException
    {
        if (!name.startsWith(PACKAGE) || name.startsWith(NOT_STEPPED))
        {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name))
        {
            Class<?> result = findLoadedClass(name);
            if (null == result)
            {
                final byte[] bytes = step(name.replace('.', '/'));
                result = defineClass(name, bytes, 0, bytes.length);
            }
            return result;
        }
    }

    private byte[] bytes(final String internalName) throws ClassNotFoundException
    {
        final byte[] other = changed.get(internalName.replace('/', '.'));
        if (null != other)
        {
            return other;
        }
        try (InputStream in = getParent().getResourceAsStream(internalName + ".class"))
        {
            if (null == in)
            {
                throw new ClassNotFoundException(internalName);
            }
            return in.readAllBytes();
        }
        catch (final IOException ex)
        {
            throw new ClassNotFoundException(internalName, ex);
        }
    }

    private boolean isVolatile(final String owner, final String field)
    {
        return owner.startsWith("io/jcaps/") &&
            volatileFields.computeIfAbsent(owner, this::findVolatile).contains(field);
    }

    private Set<String> findVolatile(final String owner)
    {
        final Set<String> result = new HashSet<>();
        try
        {
            new ClassReader(bytes(owner)).accept(new ClassVisitor(Opcodes.ASM9)
            {
                @Override
                public FieldVisitor visitField(
                    final int access,
                    final String name,
                    final String descriptor,
                    final String signature,
                    final Object value)
                {
                    if ((access & Opcodes.ACC_VOLATILE) != 0)
                    {
                        result.add(name);
                    }
                    return null;
                }
            }, ClassReader.SKIP_CODE);
        }
        catch (final ClassNotFoundException ex)
        {
            throw new AssertionError(ex);
        }
        return result;
    }

    private byte[] step(final String internalName) throws ClassNotFoundException
    {
        final ClassReader reader = new ClassReader(bytes(internalName));
        final ClassWriter writer = new ClassWriter(ClassWriter.COMPUTE_MAXS);
        reader.accept(new Stepper(writer, internalName), ClassReader.EXPAND_FRAMES);
        return writer.toByteArray();
    }

    /** Puts the calls in. */
    private final class Stepper extends ClassVisitor
    {
        private final String owner;

        Stepper(final ClassVisitor next, final String owner)
        {
            super(Opcodes.ASM9, next);
            this.owner = owner;
        }

        @Override
        public MethodVisitor visitMethod(
            final int access,
            final String name,
            final String descriptor,
            final String signature,
            final String[] exceptions)
        {
            if ((access & Opcodes.ACC_SYNCHRONIZED) == 0)
            {
                return stepped(super.visitMethod(access, name, descriptor, signature, exceptions));
            }
            final int plain = access & ~Opcodes.ACC_SYNCHRONIZED;
            writeEntry(super.visitMethod(plain, name, descriptor, signature, exceptions), name, descriptor);
            return stepped(super.visitMethod(
                plain & ~(Opcodes.ACC_PUBLIC | Opcodes.ACC_PROTECTED) | Opcodes.ACC_PRIVATE,
                name + "Stepped", descriptor, signature, exceptions));
        }

        /** A synchronized method: enters the monitor, calls the method's code, and exits. */
        private void writeEntry(final MethodVisitor method, final String name, final String descriptor)
        {
            final Label begin = new Label();
            final Label end = new Label();
            final Label handler = new Label();
            method.visitCode();
            method.visitTryCatchBlock(begin, end, handler, null);
            call(method, "enter");
            method.visitLabel(begin);
            method.visitVarInsn(Opcodes.ALOAD, 0);
            final List<Object> locals = new ArrayList<>();
            locals.add(owner);
            int local = 1;
            for (final Type type : Type.getArgumentTypes(descriptor))
            {
                method.visitVarInsn(type.getOpcode(Opcodes.ILOAD), local);
                local += type.getSize();
                locals.add(frameType(type));
            }
            method.visitMethodInsn(Opcodes.INVOKESPECIAL, owner, name + "Stepped", descriptor, false);
            method.visitLabel(end);
            call(method, "exit");
            method.visitInsn(Type.getReturnType(descriptor).getOpcode(Opcodes.IRETURN));
            method.visitLabel(handler);
            method.visitFrame(
                Opcodes.F_NEW, locals.size(), locals.toArray(), 1, new Object[]{"java/lang/Throwable"});
            call(method, "exit");
            method.visitInsn(Opcodes.ATHROW);
            method.visitMaxs(0, 0);
            method.visitEnd();
        }

        private static Object frameType(final Type type)
        {
            return switch (type.getSort())
            {
                case Type.LONG -> Opcodes.LONG;
                case Type.DOUBLE -> Opcodes.DOUBLE;
                case Type.FLOAT -> Opcodes.FLOAT;
                case Type.OBJECT, Type.ARRAY -> type.getInternalName();
                default -> Opcodes.INTEGER;
            };
        }

        private static void call(final MethodVisitor method, final String name)
        {
            method.visitVarInsn(Opcodes.ALOAD, 0);
            method.visitMethodInsn(Opcodes.INVOKESTATIC, BATON, name, OF_OBJECT, false);
        }

        private MethodVisitor stepped(final MethodVisitor next)
        {
            return new MethodVisitor(Opcodes.ASM9, next)
            {
                private void baton(final String name, final String descriptor)
                {
                    super.visitMethodInsn(Opcodes.INVOKESTATIC, BATON, name, descriptor, false);
                }

                @Override
                public void visitInsn(final int opcode)
                {
                    if (Opcodes.MONITORENTER == opcode || Opcodes.MONITOREXIT == opcode)
                    {
                        baton(Opcodes.MONITORENTER == opcode ? "enter" : "exit", OF_OBJECT);
                        return;
                    }
                    super.visitInsn(opcode);
                }

                @Override
                public void visitFieldInsn(
                    final int opcode, final String fieldOwner, final String name, final String descriptor)
                {
                    if (isVolatile(fieldOwner, name))
                    {
                        baton("step", "()V");
                    }
                    super.visitFieldInsn(opcode, fieldOwner, name, descriptor);
                }

                @Override
                public void visitMethodInsn(
                    final int opcode,
                    final String called,
                    final String name,
                    final String descriptor,
                    final boolean isInterface)
                {
                    switch (called + '.' + name)
                    {
                        case "java/lang/Thread.yield" -> baton("spin", "()V");
                        case "java/lang/Thread.onSpinWait" -> baton("step", "()V");
                        case "java/util/concurrent/locks/LockSupport.parkNanos" -> baton("park", "(J)V");
                        case "java/lang/Object.wait" -> baton(
                            "await", "(J)V".equals(descriptor) ? "(Ljava/lang/Object;J)V" : OF_OBJECT);
                        case "java/lang/Object.notifyAll" -> baton("notifyAll", OF_OBJECT);
                        case "java/util/concurrent/locks/ReentrantLock.lock" -> baton("enter", OF_OBJECT);
                        case "java/util/concurrent/locks/ReentrantLock.tryLock" ->
                            baton("tryEnter", "(Ljava/lang/Object;)Z");
                        case "java/util/concurrent/locks/ReentrantLock.unlock" -> baton("exit", OF_OBJECT);
                        default ->
                        {
                            if (Opcodes.INVOKEVIRTUAL == opcode && "java/lang/invoke/VarHandle".equals(called))
                            {
                                baton("step", "()V");
                            }
                            super.visitMethodInsn(opcode, called, name, descriptor, isInterface);
                        }
                    }
                }
            };
        }
    }
}
