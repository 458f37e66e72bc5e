#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# series.sh export OUT: write the series as mails to OUT
# series.sh apply: apply it to the tree at KDIR itself
# KDIR=path in the environment: that tree instead of the cache's
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

if [ -n "${KDIR:-}" ]; then
	[ -d "$KDIR" ] || die "KDIR=$KDIR is not a folder"
	need_6_12 "$KDIR"
fi

case ${1:-} in
export)
	[ -n "${2:-}" ] || die "say where the patches go: make series OUT=dir"
	"$TOP/tools/setup.sh" series
	[ -n "${KDIR:-}" ] || find_key
	exec "$TOP/tools/series.py" export --tree "${KDIR:-$KEY/stock}" "$2"
	;;
apply)
	[ -n "${KDIR:-}" ] || die "say which kernel tree is to be changed: make apply KDIR=path"
	"$TOP/tools/setup.sh" series
	exec "$TOP/tools/series.py" apply --tree "$KDIR"
	;;
*) die "usage: series.sh export OUT | apply" ;;
esac
