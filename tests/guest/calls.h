/* SPDX-License-Identifier: GPL-2.0-only */
/* How often KVM is asked about a window, as its tracepoints have it. */
#ifndef CALLS_H
#define CALLS_H

#include "window.h"

/* From now on, or no more. */
void calls_trace(const struct window *win, bool on);

/* Questions in the trace so far. */
unsigned int calls_traced(void);

#endif
