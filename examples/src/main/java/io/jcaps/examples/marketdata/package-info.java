/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * One publisher of prices, and many readers that request the changes since their last update.
 */
package io.jcaps.examples.marketdata;
