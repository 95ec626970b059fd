/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bench.report;

/**
 * A plot that was drawn.
 *
 * @param kind     of the section that it belongs to.
 * @param fileName for it.
 * @param title    what it shows.
 * @param svg      the drawing, a whole document.
 */
record Plot(Section.Kind kind, String fileName, String title, String svg)
{
}
