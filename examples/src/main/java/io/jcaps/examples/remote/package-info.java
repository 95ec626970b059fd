/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * An order gateway on one host, its engine on another, and the outcomes at the gateway after a cut of the network.
 */
package io.jcaps.examples.remote;
