/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* For user space, see compiler.h. */
#ifndef _PGWALK_USER_LINUX_BUG_H
#define _PGWALK_USER_LINUX_BUG_H

#include <stdbool.h>
#include <stdlib.h>

#ifndef WARN_ON_ONCE
#define WARN_ON_ONCE(cond)	({ if (cond) abort(); false; })
#endif

#endif /* _PGWALK_USER_LINUX_BUG_H */
