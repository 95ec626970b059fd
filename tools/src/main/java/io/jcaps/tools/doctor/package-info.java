/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Checks whether regions work on this machine, and what to do if not.
 */
package io.jcaps.tools.doctor;
