/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Several services of one name: clients find the newest, and continue with the next when it ends.
 */
package io.jcaps.examples.failover;
