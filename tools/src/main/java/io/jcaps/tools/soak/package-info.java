/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The {@code soak} command: clients and services that do all there is to do, are killed, stopped and started again at
 * random, and an account of what became of every message.
 */
package io.jcaps.tools.soak;
