/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Where every byte of a region lies and who may write it: one descriptor for each structure, and the geometry that
 * sizes them.
 */
package io.jcaps.layout;
