/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The manual: what {@code caps man} shows, and how. Its pages are written in {@code src/main/man}.
 */
package io.jcaps.tools.man;
