/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The version of what `make install-lib` installs, for #if, and for pkg-config,
 * which has it from here. A new minor one takes nothing away.
 */
#ifndef _LOCKLESS_PGWALK_VERSION_H
#define _LOCKLESS_PGWALK_VERSION_H

#define PGWALK_VERSION_MAJOR	1
#define PGWALK_VERSION_MINOR	0

#endif /* _LOCKLESS_PGWALK_VERSION_H */
