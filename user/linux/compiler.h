/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The library names only headers of the kernel. This folder and asm/ have for
 * user space what the library needs of them, and no more: C11 or C++17 with the
 * builtins of gcc and clang, so that sanitizers see every access.
 *
 * A program may have such names of its own, and these should be the only ones
 * then. Headers of these names that are found before these take their place. Of
 * a single name a program says, before it includes the library, that it has it,
 * as architectures do in the kernel: "#define u64 u64" leaves u64 out here.
 */
#ifndef _PGWALK_USER_LINUX_COMPILER_H
#define _PGWALK_USER_LINUX_COMPILER_H

/* What only sparse looks at. */
#ifndef __rcu
#define __rcu
#endif
#ifndef __force
#define __force
#endif

/* Headers of the system have a weaker one, and expect it to be replaced. */
#undef __always_inline
#define __always_inline		inline __attribute__((__always_inline__))

/* What a header defines is not used by all who include it. */
#ifndef __maybe_unused
#define __maybe_unused		__attribute__((__unused__))
#endif

#ifndef likely
#define likely(x)		__builtin_expect(!!(x), 1)
#endif
#ifndef unlikely
#define unlikely(x)		__builtin_expect(!!(x), 0)
#endif

#ifndef READ_ONCE
#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#endif

/* The compiler knows no more what is in it. */
#ifndef OPTIMIZER_HIDE_VAR
#define OPTIMIZER_HIDE_VAR(var)	__asm__("" : "=r" (var) : "0" (var))
#endif

#endif /* _PGWALK_USER_LINUX_COMPILER_H */
