/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * How threads exclude each other, poll, sleep and are woken, and which peers are dead. Internal: {@code io.jcaps} is
 * the API.
 */
package io.jcaps.wait;
