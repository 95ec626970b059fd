/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_WORDS_H
#define CAPS_WORDS_H

/*
 * Access to words that processes or threads share. Every read and write of shared memory is one of these: a plain read
 * could be made twice by the compiler, and see two values. "get" and "put" order nothing (Java: plain, opaque); the
 * others are what their names say. Offsets are in bytes from the start of the tables, or of a link.
 */

#include <stddef.h>
#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "a region is little endian"
#endif

#ifdef CAPS_STEPS
/* For the test that kills a process before each of its stores. */
void caps_step(void);
#else
static inline void caps_step(void)
{
}
#endif

static inline int32_t get_int(const uint8_t *base, const size_t offset)
{
    return __atomic_load_n((const int32_t *)(base + offset), __ATOMIC_RELAXED);
}

static inline int64_t get_long(const uint8_t *base, const size_t offset)
{
    return __atomic_load_n((const int64_t *)(base + offset), __ATOMIC_RELAXED);
}

static inline int32_t get_int_acquire(const uint8_t *base, const size_t offset)
{
    return __atomic_load_n((const int32_t *)(base + offset), __ATOMIC_ACQUIRE);
}

static inline int64_t get_long_acquire(const uint8_t *base, const size_t offset)
{
    return __atomic_load_n((const int64_t *)(base + offset), __ATOMIC_ACQUIRE);
}

static inline int32_t get_int_volatile(const uint8_t *base, const size_t offset)
{
    return __atomic_load_n((const int32_t *)(base + offset), __ATOMIC_SEQ_CST);
}

static inline int64_t get_long_volatile(const uint8_t *base, const size_t offset)
{
    return __atomic_load_n((const int64_t *)(base + offset), __ATOMIC_SEQ_CST);
}

static inline void put_int(uint8_t *base, const size_t offset, const int32_t value)
{
    caps_step();
    __atomic_store_n((int32_t *)(base + offset), value, __ATOMIC_RELAXED);
}

static inline void put_long(uint8_t *base, const size_t offset, const int64_t value)
{
    caps_step();
    __atomic_store_n((int64_t *)(base + offset), value, __ATOMIC_RELAXED);
}

static inline void put_int_release(uint8_t *base, const size_t offset, const int32_t value)
{
    caps_step();
    __atomic_store_n((int32_t *)(base + offset), value, __ATOMIC_RELEASE);
}

static inline void put_long_release(uint8_t *base, const size_t offset, const int64_t value)
{
    caps_step();
    __atomic_store_n((int64_t *)(base + offset), value, __ATOMIC_RELEASE);
}

static inline void put_int_volatile(uint8_t *base, const size_t offset, const int32_t value)
{
    caps_step();
    __atomic_store_n((int32_t *)(base + offset), value, __ATOMIC_SEQ_CST);
}

static inline void put_long_volatile(uint8_t *base, const size_t offset, const int64_t value)
{
    caps_step();
    __atomic_store_n((int64_t *)(base + offset), value, __ATOMIC_SEQ_CST);
}

static inline int32_t add_int(uint8_t *base, const size_t offset, const int32_t delta)
{
    caps_step();
    return __atomic_fetch_add((int32_t *)(base + offset), delta, __ATOMIC_SEQ_CST);
}

static inline int64_t add_long(uint8_t *base, const size_t offset, const int64_t delta)
{
    caps_step();
    return __atomic_fetch_add((int64_t *)(base + offset), delta, __ATOMIC_SEQ_CST);
}

/* Sets a word to a new value if it has the expected one. Returns whether it did. */
static inline int swap_long(uint8_t *base, const size_t offset, int64_t expected, const int64_t value)
{
    caps_step();
    return __atomic_compare_exchange_n(
        (int64_t *)(base + offset), &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline void full_fence(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static inline void spin_wait(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

#endif
