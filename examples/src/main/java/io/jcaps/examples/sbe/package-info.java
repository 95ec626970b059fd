/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Orders, acknowledgements and fills in Simple Binary Encoding, written and read in place.
 */
package io.jcaps.examples.sbe;
