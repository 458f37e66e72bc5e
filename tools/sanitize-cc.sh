#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# sanitize-cc.sh COMMAND...: run a compiler for a kernel with KASAN or KCSAN. What
# works on page tables is instrumented, KVM, mm, /proc and our library; the rest is
# not, as in its own files with KASAN_SANITIZE := n. Such a kernel takes half the time
# to build, and to run under emulation.
# Assembly is not for ccache: what .incbin takes in is in no list of dependencies. The
# text around a kernel's compressed image tells its size, and one of the same size was
# taken for it.
for source; do :; done
case $source in
*.S)
	[ "$1" != ccache ] || shift
	exec "$@"
	;;
*/kvm/* | */mm/* | */fs/proc/* | */lockless_pgwalk/*) exec "$@" ;;
*.c) ;;
# the kernel asks what the compiler can do
*) exec "$@" ;;
esac
# gcc refuses the offset on its own
for word; do
	shift
	case $word in
	-fsanitize=* | -fasan-shadow-offset=*) ;;
	*) set -- "$@" "$word" ;;
	esac
done
exec "$@" -fno-sanitize=kernel-address
