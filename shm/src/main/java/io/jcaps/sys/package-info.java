/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The ten calls of the original CAPS documentation, one to one, for programs that are ported line by line.
 */
package io.jcaps.sys;
