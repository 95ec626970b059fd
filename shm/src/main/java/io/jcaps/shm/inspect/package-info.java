/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Regions seen from outside: what is in one, what dead processes left behind, what the machine lacks. Nothing here
 * joins a region.
 */
package io.jcaps.shm.inspect;
