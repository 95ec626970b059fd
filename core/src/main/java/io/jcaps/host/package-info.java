/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The services that the protocol needs from its environment: memory, proof of life, credentials and sleep.
 */
package io.jcaps.host;
