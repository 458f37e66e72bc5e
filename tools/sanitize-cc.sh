#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# sanitize-cc.sh COMMAND...: run a compiler for a kernel with KASAN. What works
# on page tables is instrumented, KVM, mm and our library; the rest is not, as in its
# own files with KASAN_SANITIZE := n. Such a kernel takes half the time to build, and
# to run under emulation.
for source; do :; done
case $source in
*/kvm/* | */mm/* | */lockless_pgwalk/*) exec "$@" ;;
esac
exec "$@" -fno-sanitize=kernel-address
