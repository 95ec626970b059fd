/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The README's first program: a service that doubles numbers, and a client.
 */
package io.jcaps.examples.first;
