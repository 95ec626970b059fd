/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * An order gateway on one host, its engine on another, and what the gateway knows after the network was cut.
 */
package io.jcaps.examples.remote;
