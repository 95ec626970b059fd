/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The two ends of one import: state machines over a {@link io.jcaps.bridge.session.Wire}, without threads, clocks or
 * sockets of their own. Internal: {@code io.jcaps.bridge} is the API.
 */
package io.jcaps.bridge.session;
