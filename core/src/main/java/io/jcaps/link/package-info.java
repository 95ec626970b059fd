/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * A link, which is the path of messages between one client port and its service. Internal: {@code io.jcaps} is the API.
 */
package io.jcaps.link;
