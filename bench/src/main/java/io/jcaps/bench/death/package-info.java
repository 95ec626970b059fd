/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * How soon a death is reported: {@code caps bench death}.
 */
package io.jcaps.bench.death;
