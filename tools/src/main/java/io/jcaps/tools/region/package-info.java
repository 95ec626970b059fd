/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Commands on regions for operators: list them, show their content and the messages in flight, remove what dead
 * processes left.
 */
package io.jcaps.tools.region;
