#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# clean.sh objects: remove what was compiled; the trees and the compiler's cache
# stay. clean.sh all: remove what the cache has of this clone, and of clones that
# are gone; and kernels, and in the end all, where no other clone has anything.
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"
shopt -s nullglob

# free KEY: nobody builds there
free() {
	[ ! -e "$1/.lock" ] || flock -n "$1/.lock" true || die "something is being built in $1"
}

clone=$(key_of_clone)
case ${1:-} in
objects)
	for key in "$CACHE"/*/"$clone"; do
		free "$key"
		rm -rf "$key"/patched/obj-*
	done
	rm -rf "$CACHE"/*/stock/obj-* "$CACHE"/*/series/obj-*
	;;
all)
	others=()
	for key in "$CACHE"/*/clone-*; do
		if [ "${key##*/}" != "$clone" ] && [ -e "$key/clone/tools/setup.sh" ]; then
			others+=("$(readlink "$key/clone")")
			continue
		fi
		free "$key"
		rm -rf "$key"
	done
	for shared in "$CACHE"/{linux,kdir}-*; do
		keys=("$shared"/clone-*)
		[ ${#keys[@]} -gt 0 ] || rm -rf "$shared"
	done
	if [ ${#others[@]} -eq 0 ]; then
		rm -rf "$CACHE"
	else
		say "the pristine kernel and the compiler's cache stay for ${others[*]}"
	fi
	;;
*) die "usage: clean.sh objects|all" ;;
esac
rm -rf "$TOP/build"
