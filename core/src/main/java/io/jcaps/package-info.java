/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Messaging within one machine: an attachment to a region, its service and client ports, and the messages that they
 * exchange. The project's docs/rules.md explains the numbers of rules, such as R14 and B1.
 */
package io.jcaps;
