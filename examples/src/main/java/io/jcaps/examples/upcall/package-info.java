/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Handlers that are called by an Agrona agent, and a client that waits on two ports with one thread.
 */
package io.jcaps.examples.upcall;
