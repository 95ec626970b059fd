/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_REPORT_H
#define CAPS_REPORT_H

/*
 * Reports rare events at a port by a counter in its entry and a text in the process's error log: io.jcaps.table.Report.
 * Within the gate, while the port is open.
 */

struct attachment;
struct port;

/* A link was given up because the other side wrote an invalid value. */
void report_corrupt(struct port *port, int link_index, const char *reason);

/* A client was refused, as another process than its entry says holds the entry's lock. */
void report_forged(struct port *port, int link_index, int process_index);

/* Something failed for a cause that may pass; the watch tries it again. */
void report_retry(struct port *port, int link_index, const char *what);

/* Records an error that a caller received, with the text of caps_error(). Also outside the gate. */
void report_failure(struct attachment *attachment);

#endif
