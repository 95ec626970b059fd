/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * One publisher of prices, many readers that ask for what has changed since they last looked.
 */
package io.jcaps.examples.marketdata;
