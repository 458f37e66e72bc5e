/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A slow walker: probes in the kernel's code, each of which costs an exception,
 * leave others the time to do something between two of its steps. A table that
 * is freed too early is then seen by KASAN, because the walker is still in it.
 */
#ifndef SLOW_WALK_H
#define SLOW_WALK_H

#include <stdint.h>

/* Until the end of this process the walker is slow, for whoever it walks. */
void walk_slowly(void);

/* How often the walker has met a probe when it walked for the thread that asked for them. */
uint64_t walk_stops(void);

#endif
