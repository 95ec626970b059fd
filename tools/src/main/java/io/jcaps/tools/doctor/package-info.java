/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Whether this machine is fit for regions, and what to do if not.
 */
package io.jcaps.tools.doctor;
