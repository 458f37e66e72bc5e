/* SPDX-License-Identifier: GPL-2.0-only */
/* There is no lockdep here that could have found something. */
#define debug_locks	1
