#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# series.sh export OUT: write the series as mails to OUT
# series.sh apply: apply it to the tree at KDIR itself
# series.sh refresh: take back what was edited in a tree that has the series
# KDIR=path in the environment: that tree instead of the cache's
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

if [ -n "${KDIR:-}" ]; then
	[ -d "$KDIR" ] || die "KDIR=$KDIR is not a folder"
	find_base "$KDIR"
fi

case ${1:-} in
export)
	[ -n "${2:-}" ] || die "say where the patches go: make series OUT=dir"
	"$TOP/tools/setup.sh" series >/dev/null
	[ -n "${KDIR:-}" ] || find_key
	exec "$TOP/tools/series.py" export --tree "${KDIR:-$KEY/stock}" "$2"
	;;
apply)
	[ -n "${KDIR:-}" ] || die "say which kernel tree is to be changed: make apply KDIR=path"
	"$TOP/tools/setup.sh" series >/dev/null
	exec "$TOP/tools/series.py" apply --tree "$KDIR"
	;;
refresh)
	edited=${KDIR:-}
	unset KDIR
	"$TOP/tools/setup.sh" series >/dev/null
	find_key
	if [ -n "$edited" ]; then
		[ "$(release "$edited")" = "$(release "$KEY/stock")" ] ||
			die "$edited is Linux $(release "$edited"), but what was edited shows only beside $(release "$KEY/stock")"
		exec "$TOP/tools/series.py" refresh --tree "$KEY/stock" "$edited"
	fi
	[ -f "$KEY/patched.stamp" ] || die "there is no patched tree yet; run: make setup"
	exec "$TOP/tools/series.py" refresh --tree "$KEY/stock" --manifest "$KEY/patched.manifest" "$KEY/patched"
	;;
*) die "usage: series.sh export OUT | apply | refresh" ;;
esac
