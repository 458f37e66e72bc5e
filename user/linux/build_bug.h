/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* For user space, see compiler.h. */
#ifndef _PGWALK_USER_LINUX_BUILD_BUG_H
#define _PGWALK_USER_LINUX_BUILD_BUG_H

#ifndef BUILD_BUG_ON_INVALID
#define BUILD_BUG_ON_INVALID(e)	((void)(sizeof((long)(e))))
#endif

#endif /* _PGWALK_USER_LINUX_BUILD_BUG_H */
