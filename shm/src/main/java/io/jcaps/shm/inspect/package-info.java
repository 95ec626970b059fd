/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Inspection of regions without attaching: their content, what dead processes left, and what the machine lacks.
 */
package io.jcaps.shm.inspect;
