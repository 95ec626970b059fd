/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The logic of the original's test pair, on the original's calls.
 */
package io.jcaps.examples.portofc;
