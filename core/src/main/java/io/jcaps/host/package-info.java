/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * What the protocol asks of the place it runs in: memory, proof of life, credentials and sleep.
 */
package io.jcaps.host;
