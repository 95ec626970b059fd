/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The manual that {@code caps man} shows. The sources of its pages are in {@code src/main/man}.
 */
package io.jcaps.tools.man;
