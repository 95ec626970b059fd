/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * What the operating system gives: the region's file and its mapping, locks that prove life, credentials and sleep.
 */
package io.jcaps.shm;
