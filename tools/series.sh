#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# series.sh export OUT: write the series as mails to OUT
# series.sh apply (KDIR=path in the environment): apply it to that tree itself
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

case ${1:-} in
export)
	[ -n "${2:-}" ] || die "say where the patches go: make series OUT=dir"
	find_key
	need_tree stock
	exec "$TOP/tools/series.py" export --tree "$KEY/stock" "$2"
	;;
apply)
	[ -n "${KDIR:-}" ] || die "say which kernel tree is to be changed: make apply KDIR=path"
	[ -d "$KDIR" ] || die "KDIR=$KDIR is not a folder"
	need_6_12 "$KDIR"
	exec "$TOP/tools/series.py" apply --tree "$KDIR"
	;;
*) die "usage: series.sh export OUT | apply" ;;
esac
