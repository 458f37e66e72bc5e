#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# install-lib.sh (PREFIX=path, DESTDIR=path in the environment): install the
# library's headers for user space, those of the kernel's that they name, and a
# pkg-config file
set -eu
cd "$(dirname "$0")/.."

prefix=${PREFIX:-/usr/local}
case $prefix in
/*) ;;
*) echo "install-lib.sh: PREFIX=$prefix is no absolute path" >&2; exit 1 ;;
esac
headers=${DESTDIR:-}$prefix/include/lockless_pgwalk
pkgconfig=${DESTDIR:-}$prefix/share/pkgconfig

install -d "$headers"/{asm,linux,lockless_pgwalk/formats} "$pkgconfig"
install -m 644 include/lockless_pgwalk/*.h user/lockless_pgwalk/*.h "$headers/lockless_pgwalk"
install -m 644 include/lockless_pgwalk/formats/*.h "$headers/lockless_pgwalk/formats"
sed -n 's/^#include <\(\(asm\|linux\)\/.*\)>/\1/p' include/lockless_pgwalk/*.h include/lockless_pgwalk/formats/*.h |
	sort -u | while read -r header; do
	install -m 644 "user/$header" "$headers/$header"
done

version=$(sed -n 's/^#define PGWALK_VERSION_M[AI][JN]OR\t//p' user/lockless_pgwalk/version.h | paste -sd.)
file=$(sed "s/@VERSION@/$version/" user/lockless_pgwalk.pc.in)
printf '%s\n' "${file/@PREFIX@/"$prefix"}" >"$pkgconfig/lockless_pgwalk.pc"
chmod 644 "$pkgconfig/lockless_pgwalk.pc"
