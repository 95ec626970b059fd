/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Services of other hosts: {@link io.jcaps.bridge.Bridge} exports services of this host, and imports those of others,
 * over Aeron.
 */
package io.jcaps.bridge;
