/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * How threads exclude each other, poll, sleep and are woken, and how the death of a peer is found. Internal:
 * {@code io.jcaps} is the API.
 */
package io.jcaps.wait;
