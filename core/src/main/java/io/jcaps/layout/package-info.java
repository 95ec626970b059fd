/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The place and the writer of every byte of a region: one descriptor per structure, and the geometry that sizes them.
 */
package io.jcaps.layout;
