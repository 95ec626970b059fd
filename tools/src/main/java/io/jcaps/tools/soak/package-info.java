/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The {@code soak} command: clients and services that use every operation, and are killed, stopped and started again at
 * random; and accounts for every message.
 */
package io.jcaps.tools.soak;
