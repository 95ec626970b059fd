/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * A server that holds its replies, and a client that meets the limit of messages in progress.
 */
package io.jcaps.examples.throttle;
