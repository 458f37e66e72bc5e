#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# series-check.sh: prove the patch series. On a pristine tree, `git am` takes
# each patch; checkpatch --strict is content; and what the last one leaves builds, on
# each base for those architectures whose code differs most. Neither the compiler,
# with W=1, nor modpost, nor sparse, which sees what the last one leaves, says anything
# that it does not say of the pristine kernel.
# What has passed is kept, so that a run begins at the first patch that changed.
#   LONG=1  on each base, each patch builds for the architecture whose code it is, and
#           sparse sees it; what the last one leaves builds in each configuration that
#           build-kvm.sh has
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"
need check-series

tree=$SHARED/series
# what is the same on both is built on one of them
names=(x86 arm64 powerpc)
[ "$BASE" = 6.12 ] || names=(x86 arm64 s390 x86-nonotifier)
# for which each patch builds
alone=none
if [ -n "${LONG:-}" ]; then
	mapfile -t names < <("$TOP/tools/build-kvm.sh")
	alone='.*'
fi
known=$TOP/tools/checkpatch-known
passed=$SHARED/series.passed${LONG:+-long}
exec 9>"$SHARED/.series.lock"
flock -n 9 || { say "waiting for another check of a series"; flock 9; }
rm -rf "$SHARED"/.series.??????
tmp=$(mktemp -d "$SHARED/.series.XXXXXX")
trap 'rm -rf "$tmp"' EXIT

# nobody's personal settings, and no collecting of garbage at its own time
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_{AUTHOR,COMMITTER}_NAME=series GIT_{AUTHOR,COMMITTER}_EMAIL=series@example.org
digest() { sha256sum | cut -c1-64; }
in_tree() { git -C "$tree" -c gc.auto=0 -c core.looseCompression=1 "$@"; }

# commit_of DIGEST: what was checked out when this state had passed
commit_of() { sed -n "s/^$1 //p" "$passed" | cut -d' ' -f1; }

make_tree() {
	rsync -a --exclude='/obj-*' "$KEY/stock/" "$tmp/series"
	local tree=$tmp/series
	in_tree init -q
	in_tree commit -q --allow-empty -m 'nothing yet'
	in_tree tag pristine
	mv "$tmp/series" "$SHARED/series"
}

# make_pristine: git knows the files that the patches change, and those that checkpatch
# asks it about; for all of the kernel it would take a minute
make_pristine() {
	in_tree reset -q --hard pristine
	in_tree rm -rq --cached --ignore-unmatch .
	{ cat "$tmp/changed"; printf '%s\n' LICENSES include; } | in_tree add -f --pathspec-from-file=-
	in_tree commit -q --amend --allow-empty --author='series <series@example.org>' -m pristine
	in_tree tag -f pristine >/dev/null
}

fail() {
	printf 'not ok %s\n' "$label"
	die "$label: $*"
}

# concerned PATCH: the architectures whose code it changes, and x86 for that of
# all of them
concerned() {
	sed -nE '/^\+\+\+ b\/(Documentation|MAINTAINERS|tools)/d; s|^\+\+\+ b/(arch/([^/]*)/)?.*|\2|p' "$1" |
		sed 's/^$/x86/' | sort -u
}

# pristine OBJECT: does the pristine kernel have its source?
pristine() {
	# arch/x86/kvm/../../../virt/kvm/x.o and hyp/nvhe/x.nvhe.o are not where they seem
	[ -e "$KEY/stock/$(sed -E 's|\.[^/]*$|.c|' <<<"$1")" ]
}

# build NAME [partial]: print what it warns of and the pristine kernel, which is
# asked only about objects that have a warning, does not
build() {
	local before=$SHARED/series.before/$1 objects
	PARTIAL=${2:-} "$TOP/tools/build-kvm.sh" series "$1" >"$tmp/now-$1" || return 1
	mkdir -p "$before"
	touch "$before/objects" "$before/warnings"
	mapfile -t objects < <(cut -d' ' -f1 "$tmp/now-$1" | sort -u | comm -23 - "$before/objects" |
		while read -r object; do ! pristine "$object" || printf '%s\n' "$object"; done)
	if [ ${#objects[@]} -gt 0 ]; then
		PARTIAL=1 "$TOP/tools/build-kvm.sh" stock "$1" "${objects[@]}" >"$tmp/before-$1" || return 1
		sort -o "$before/warnings" "$tmp/before-$1" "$before/warnings"
		printf '%s\n' "${objects[@]}" | sort -o "$before/objects" - "$before/objects"
	fi
	comm -13 "$before/warnings" "$tmp/now-$1"
}

# builds NAME [partial]: it does, and warns of nothing new
builds() {
	local new
	new=$(build "$@") || fail "does not build for $1"
	[ -z "$new" ] || fail "new warnings for $1: $new"
}

# judge PATCH: everything but `git am`; the known types of message that checkpatch
# had are left in $tmp/used
judge() {
	local arch message type
	: >"$tmp/used"
	# spdxcheck.py needs the modules of Debian's own python3
	(cd "$tree" && PATH=/usr/bin:$PATH perl scripts/checkpatch.pl --strict --show-types --terse --no-summary "$1") \
		>"$tmp/checkpatch" 2>&1 || true
	while read -r message; do
		type=$(sed -nE 's/.*: (ERROR|WARNING|CHECK):([A-Z_]+): .*/\2/p' <<<"$message")
		grep -q "^${type:-none}: " "$known" || fail "checkpatch --strict: $message"
		printf ' %s' "$type" >>"$tmp/used"
	done <"$tmp/checkpatch"
	for arch in $(concerned "$1" | grep -x -e "$alone"); do
		builds "$arch" partial
	done
}

[ -d "$tree" ] || step "making a git tree of the pristine kernel" make_tree
# who wrote what is not judged, and an archive of this project does not know it
"$TOP/tools/series.py" export --by 'series <series@example.org> 1700000000 +0000' --tree "$KEY/stock" "$tmp/mails" >&2
rm -f "$tmp"/mails/0000-*
patches=("$tmp"/mails/*.patch)
[ -e "${patches[0]}" ] || die "series/ has no commit yet"
# as those who send them will: each signed by its author
for patch in "${patches[@]}"; do
	git interpret-trailers --in-place --trailer "Signed-off-by: $(git mailinfo /dev/null /dev/null <"$patch" |
		sed -n 's/^Author: //p; s/^Email: \(.*\)/<\1>/p' | paste -sd' ')" "$patch"
done
total=${#patches[@]}
touch "$passed"
rm -rf "$tree/.git/rebase-apply"

# those that sparse has to see, of the architectures that are built
sed -nE '/^\+\+\+ b\/tools\//d; s/^\+\+\+ b\/(.*\.c)$/\1/p' "${patches[@]}" | sort -u |
	awk -F/ -v names=" ${names[*]} " '$1 != "arch" || index(names, " " $2 " ")' >"$tmp/sources"
[ -s "$tmp/sources" ] || die "the series has no source for sparse"
sed -nE 's|^--- a/||p' "${patches[@]}" | sort -u |
	while read -r file; do [ ! -e "$KEY/stock/$file" ] || printf '%s\n' "$file"; done >"$tmp/changed"
export SPARSE_THESE=$tmp/sources
sum=$(cat "$0" "$TOP"/tools/{lib,build-*}.sh "$TOP"/tools/configs/build* "$known" "$tmp/sources" "$tmp/changed" - <<<"$alone" | digest)
# LONG=1 shares the tree: behind its back, the files that git knows may be others by now
if ! grep -q "^$sum $(in_tree rev-parse pristine)" "$passed"; then
	make_pristine
	rm -rf "$SHARED/series.before"
	printf '%s %s\n' "$sum" "$(in_tree rev-parse pristine)" >"$passed"
fi

all_used='' at=''
for ((i = 1; i <= total; i++)); do
	patch=${patches[i - 1]}
	start=$SECONDS
	label="$i/$total $(sed -nE '/^Subject:/,/^$/p' "$patch" | tr -d '\n' | sed -E 's/^Subject: \[PATCH[^]]*\] //')"
	parent=$sum
	# every commit of this project changes the dates
	sum=$({ printf '%s' "$sum"; sed '/^Date: /d' "$patch"; } | digest)
	if read -r _ _ used < <(grep "^$sum " "$passed"); then
		all_used+=" $used"
		printf 'ok %s (unchanged)\n' "$label"
		continue
	fi
	say "$label ..."
	[ "$at" = "$parent" ] || in_tree reset -q --hard "$(commit_of "$parent")"
	in_tree am -q --committer-date-is-author-date "$patch" >&2 || fail "git am does not take it"
	judge "$patch"
	used=$(cat "$tmp/used")
	all_used+=$used
	printf '%s %s%s\n' "$sum" "$(in_tree rev-parse HEAD)" "$used" >>"$passed"
	at=$sum
	printf 'ok %s (%s s)\n' "$label" $((SECONDS - start))
done

# The last of them gives what setup builds, and its comments are whole.
label="the whole series"
in_tree reset -q --hard "$(commit_of "$sum")"
"$TOP/tools/series.py" files --tree "$KEY/stock" "$tmp/files"
diff <(cd "$tmp/files" && find . -type f | sort | xargs sha256sum) \
	<(cd "$tree" && (cd "$tmp/files" && find . -type f) | sort | xargs sha256sum) >&2 || fail "git am made other files than patch"
comments() {
	in_tree diff --name-only --diff-filter="$1" pristine HEAD -- '*.[ch]' |
		(cd "$2" && xargs -r scripts/kernel-doc -none "${@:3}" 2>&1) | sed -E 's/:[0-9]+:? /: /' | sort
}
new=$(comments A "$tree" -Wall; comm -13 <(comments M "$KEY/stock") <(comments M "$tree"))
[ -z "$new" ] || fail "kernel-doc: $new"
while IFS=: read -r type _; do
	[[ " $all_used " == *" $type "* ]] || fail "$type in tools/checkpatch-known is not met any more: remove it"
done < <(grep -v '^#' "$known")

# two at a time, as a build does not always have work for two processors
whole() {
	local start=$SECONDS label="the whole series, built for $1"
	trap - INT
	if grep -qx "$sum-$1" "$passed"; then
		printf 'ok %s (unchanged)\n' "$label"
		return
	fi
	rm -f "$tree/obj-build-$1/sparse.saw"
	builds "$1" 2> >(sed "s/^/$1: /" >&2)
	printf '%s\n' "$sum-$1" >>"$passed"
	printf 'ok %s (%s s)\n' "$label" $((SECONDS - start))
}
failed=0 running=0
for name in "${names[@]}"; do
	[ "$running" -lt 2 ] || { wait -n || failed=1; running=1; }
	whole "$name" &
	running=$((running + 1))
done
while [ "$running" -gt 0 ]; do
	wait -n || failed=1
	running=$((running - 1))
done
[ "$failed" -eq 0 ] || exit 1
label="the whole series"
unseen=$(sort -u "$tree"/obj-build-*/sparse.saw | comm -23 "$tmp/sources" -)
[ -z "$unseen" ] || fail "sparse has not seen $unseen"
passed_now=$((total + ${#names[@]}))

# Would they be found? What is appended to a file must be refused, the first always, so
# that sparse is at work, and the others with LONG=1.
while read -r name file text; do
	# after 6.12, s390 answers for ranges, too
	[ "$BASE-$name" = 6.12-s390 ] || [ "$name" != s390 ] || continue
	label="planted for $name in $file: $text"
	printf '%s\n' "$text" >>"$tree/$file"
	echo "$file" >"$tmp/sources"
	! new=$(build "$name" 2>"$tmp/refused") || [ -n "$new" ] || fail "nothing is found"
	in_tree checkout -q -- "$file"
	passed_now=$((passed_now + 1))
	printf 'ok %s\n' "$label"
	[ -n "${LONG:-}" ] || break
done <<'END'
x86 lib/lockless_pgwalk/walk_kunit.c int *planted(int __user *p); int *planted(int __user *p) { return p; }
s390 virt/kvm/kvm_main.c #include <linux/kvm_age_walk.h>
ppc32 virt/kvm/kvm_main.c #include <linux/kvm_age_walk.h>
x86 arch/x86/kvm/mmu/tdp_age.c static const int planted = 1;
x86 arch/x86/kvm/mmu/tdp_age.c void *planted(void); void *planted(void) { return mmu_notifier_test_clear_young; }
x86-nonotifier mm/vmscan.c int planted(void); int planted(void) { return sizeof(((struct young_batch *)0)->start); }
END
printf '%s passed, 0 failed\n' "$passed_now"
