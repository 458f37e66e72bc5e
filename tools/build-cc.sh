#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# build-cc.sh COMMAND...: run a compiler or sparse; what it warns of is added to
# $SAID, without line numbers and each with the object that it is about. Sparse
# looks at the sources listed in $SPARSE_THESE only, and notes them in $SPARSE_SAW.
dep=
for source; do
	case $source in
	-Wp,-MMD,*) dep=${source#-Wp,-MMD,} ;;
	esac
done
# Debian's knows no __typeof_unqual__, which later kernels want
if [ "$1" = sparse ]; then
	shift
	set -- sparse -D__typeof_unqual__=__typeof__ "$@"
fi
[ -n "$dep" ] || exec "$@"
if [ "$1" = sparse ]; then
	source=$(realpath --relative-to=.. "$source")
	grep -qxF "$source" "$SPARSE_THESE" || exit 0
	echo "$source" >>"$SPARSE_SAW"
fi
"$@" 2>"$dep.said"
status=$?
if [ -s "$dep.said" ]; then
	cat "$dep.said" >&2
	object=${dep%/*}/${dep##*/.}
	# sparse cannot follow a lock that is taken on a condition, and says so once
	# for each function that this was inlined into: one place counts once
	sed -E "s/(context imbalance) in '[^']*'/\1/" "$dep.said" | sort -u |
		sed -nE "s/:[0-9]+:[0-9]+: (warning|error|fatal error): /: \1: /; T; s|^|${object%.d} |p" >>"$SAID"
fi
rm -f "$dep.said"
exit "$status"
