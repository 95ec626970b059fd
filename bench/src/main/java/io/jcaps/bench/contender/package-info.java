/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The transports that are compared, each a {@link io.jcaps.bench.Contender}.
 */
package io.jcaps.bench.contender;
