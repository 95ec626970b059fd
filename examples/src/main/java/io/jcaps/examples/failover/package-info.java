/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Several services of one name: the newest is found, and clients go on when it ends.
 */
package io.jcaps.examples.failover;
