/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Messaging within one machine: an attachment to a region, its service and client ports, and what they exchange. The
 * numbers of rules, as R14 and B1, are explained in docs/rules.md of the project.
 */
package io.jcaps;
