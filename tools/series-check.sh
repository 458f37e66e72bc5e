#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# series-check.sh: prove the patch series. On a pristine tree, `git am` takes
# each patch; checkpatch --strict is content; what it touches builds without a
# warning, for each architecture that is concerned; sparse says nothing that it
# did not say before.
# What has passed is kept, so that a run begins at the first patch that changed.
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"
find_key
need_tree stock

tree=$KEY/series
archs=(x86 arm64 powerpc)
known=$TOP/tools/checkpatch-known
passed=$KEY/series.passed
exec 9>"$KEY/.series.lock"
flock -n 9 || die "another check of the series is running"
tmp=$(mktemp -d "$KEY/.series.XXXXXX")
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
	in_tree add -fA
	in_tree commit -q --author='series <series@example.org>' -m pristine
	in_tree tag pristine
	mv "$tmp/series" "$KEY/series"
}

# compile ARCH SOURCES: build the folders concerned; the files listed in SOURCES
# go through sparse as well. What is said comes out without its line numbers.
compile() {
	local source targets=("arch/$1/kvm/")
	[ ! -d "$tree/lib/lockless_pgwalk" ] || targets+=(lib/lockless_pgwalk/)
	# one architecture is enough to show who else includes what we change
	if [ "$1" = x86 ]; then
		targets+=(mm/ fs/proc/)
	else
		while read -r source; do
			[ ! -e "$tree/$source" ] || targets+=("${source%c}o")
		done < <(grep '^mm/' "$2")
	fi
	SPARSE_THESE=$2 counted "$tree/obj-$1-perf" "$tmp/said" \
		kmake series "$1" perf C=2 CHECK="$tmp/sparse-some" "${targets[@]}" || return 1
	# sparse cannot follow a lock that is taken on a condition, and names the
	# function that it was inlined into: what counts is how often it says so
	sed -E "s/:[0-9]+:[0-9]+:/:/g; s/(context imbalance) in '[^']*'/\\1/" "$tmp/said" | sort
}
# virt/kvm is built from arch/*/kvm: only by asking for folders and choosing
# here does each file get the flags that it is compiled with
cat >"$tmp/sparse-some" <<'END'
#!/bin/sh
for source; do :; done
grep -qxF "$(realpath --relative-to=.. "$source")" "$SPARSE_THESE" || exit 0
exec sparse "$@"
END
chmod +x "$tmp/sparse-some"

fail() {
	printf 'not ok %s\n' "$label"
	die "$label: $*"
}

first_errors() { grep -m 5 -E 'error|Error' "$tmp/said"; }

# concerned PATCH: the architectures that build what it changes
concerned() {
	local arch
	for arch in "${archs[@]}"; do
		! grep -qv '^arch/' < <(sed -n "s|^+++ b/\(arch/$arch/\)\?||p" "$1") || printf '%s ' "$arch"
	done
}

# judge PATCH SOURCES [partial]: everything but `git am`; the known types of
# message that checkpatch had are left in $tmp/used
judge() {
	local arch builders message new type
	: >"$tmp/used"
	# spdxcheck.py needs the modules of Debian's own python3
	(cd "$tree" && PATH=/usr/bin:$PATH perl scripts/checkpatch.pl --strict --show-types --terse --no-summary "$1") \
		>"$tmp/checkpatch" 2>&1 || true
	while read -r message; do
		type=$(sed -nE 's/.*: (ERROR|WARNING|CHECK):([A-Z_]+): .*/\2/p' <<<"$message")
		grep -q "^${type:-none}: " "$known" || fail "checkpatch --strict: $message"
		printf ' %s' "$type" >>"$tmp/used"
	done <"$tmp/checkpatch"
	read -ra builders <<<"$(concerned "$1")"
	[ -n "${3:-}" ] || builders=("${archs[@]}")
	for arch in "${builders[@]}"; do
		configure series "$arch" perf "${3:-}"
		compile "$arch" "$2" >"$tmp/now" || fail "does not build for $arch: $(first_errors)"
		new=$(comm -13 "$KEY/series.before-$arch" "$tmp/now")
		[ -z "$new" ] || fail "new warnings for $arch: $new"
	done
}

[ -d "$tree" ] || step "making a git tree of the pristine kernel" make_tree
"$TOP/tools/series.py" export --tree "$KEY/stock" "$tmp/mails" >&2
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

# Before the first patch: what do the compiler and sparse say already?
sed -n 's/^+++ b\/\(.*\.c\)$/\1/p' "${patches[@]}" | sort -u >"$tmp/sources"
sum=$(cat "$0" "$TOP"/tools/lib.sh "$TOP"/tools/configs/* "$known" "$tmp/sources" | digest)
if ! grep -q "^$sum" "$passed"; then
	: >"$passed"
	in_tree reset -q --hard pristine
	for arch in "${archs[@]}"; do
		step "configuring the pristine kernel ($arch)" configure series "$arch" perf partial
		step "building the pristine kernel ($arch)" compile "$arch" "$tmp/sources" >"$tmp/before" ||
			die "the pristine kernel does not build for $arch: $(first_errors)"
		mv "$tmp/before" "$KEY/series.before-$arch"
	done
	printf '%s %s\n' "$sum" pristine >"$passed"
fi

all_used=
for ((i = 1; i <= total; i++)); do
	patch=${patches[i - 1]}
	start=$SECONDS
	label="$i/$total $(sed -nE '/^Subject:/,/^$/p' "$patch" | tr -d '\n' | sed -E 's/^Subject: \[PATCH[^]]*\] //')"
	parent=$sum
	# every commit of this project changes the dates
	sum=$({ printf '%s' "$sum"; sed '/^Date: /d' "$patch"; } | digest)
	if read -r _ _ used < <(grep "^$sum" "$passed"); then
		all_used+=" $used"
		printf 'ok %s (unchanged)\n' "$label"
		continue
	fi
	say "$label ..."
	in_tree reset -q --hard "$(commit_of "$parent")"
	in_tree am -q --committer-date-is-author-date "$patch" >&2 || fail "git am does not take it"
	sources=$tmp/sources
	partial=
	if [ "$i" -lt "$total" ]; then
		sources=$tmp/touched
		partial=partial
		sed -n 's/^+++ b\/\(.*\.c\)$/\1/p' "$patch" >"$sources"
	fi
	judge "$patch" "$sources" $partial
	used=$(cat "$tmp/used")
	all_used+=$used
	printf '%s %s%s\n' "$sum" "$(in_tree rev-parse HEAD)" "$used" >>"$passed"
	printf 'ok %s (%s s)\n' "$label" $((SECONDS - start))
done

# The last of them gives what setup builds, and its comments are whole.
label="the whole series"
in_tree reset -q --hard "$(commit_of "$sum")"
"$TOP/tools/series.py" files --tree "$KEY/stock" "$tmp/files"
diff <(cd "$tmp/files" && find . -type f | sort | xargs sha256sum) \
	<(cd "$tree" && (cd "$tmp/files" && find . -type f) | sort | xargs sha256sum) >&2 || fail "git am made other files than patch"
comments=$(in_tree diff --name-only --diff-filter=A pristine HEAD -- '*.[ch]' |
	(cd "$tree" && xargs -r perl scripts/kernel-doc -none -Wall) 2>&1) || true
[ -z "$comments" ] || fail "kernel-doc: $comments"
while IFS=: read -r type _; do
	[[ " $all_used " == *" $type "* ]] || fail "$type in tools/checkpatch-known is not met any more: remove it"
done < <(grep -v '^#' "$known")
printf '%s passed, 0 failed\n' "$total"
