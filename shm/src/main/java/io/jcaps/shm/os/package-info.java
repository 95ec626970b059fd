/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The operating system: native calls, sleep and wake-up, processes and their ends, the table of locks, huge pages. Not
 * for users.
 */
package io.jcaps.shm.os;
