/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The tables of a region, as one process uses them: it enters, registers, connects, accepts, and removes the entries of
 * dead processes. Internal: {@code io.jcaps} is the API.
 */
package io.jcaps.table;
