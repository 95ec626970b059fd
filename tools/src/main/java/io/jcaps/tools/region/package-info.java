/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * What an operator asks of a region: which there are, what is in them, what is under way, and what the dead left.
 */
package io.jcaps.tools.region;
