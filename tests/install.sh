#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# install.sh: install the library, find it by pkg-config, and build and run programs
# with it; then look for names that it should not have
# shellcheck disable=SC2317 # functions are called by ok()
set -u
# pkg-config cannot live with a blank in the name of a root, and this one has none
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
strict=(-O2 -Wall -Wextra -Werror)
failed=0

# ok NAME COMMAND...
ok() {
	local name=$1
	shift
	if "$@" >"$dir/out" 2>&1; then
		echo "ok - installed: $name"
	else
		echo "not ok - installed: $name"
		head -n 20 "$dir/out" | sed 's/^/# /'
		failed=1
	fi
}

# build_and_run SOURCE COMPILER...
build_and_run() {
	local source=$1
	shift
	"$@" "${strict[@]}" "${cflags[@]}" "$source" -o "$dir/program" && "$dir/program"
}

# names LANGUAGE STANDARD: what the headers define in a program's name space
names() {
	printf '#include <%s>\n' "${headers[@]}" |
		gcc "-x$1" "-std=$2" -E -dD "${cflags[@]}" - | awk -v ours="$dir/" '
		BEGIN {
			split("__attribute__ _Bool bool char const enum inline int long " \
			      "static struct typedef unsigned void", words)
			for (i in words)
				known[words[i]]
		}
		/^# [0-9]+ "/ { here = index($3, "\"" ours) == 1; next }
		here && /^#define / { sub(/\(.*/, "", $2); print $2 }
		/^#/ || !here { next }
		{ text = text " " $0 }
		END {
			# Enumerators are names of the file, members are not.
			while (match(text, /[A-Za-z_0-9]+|[][(){}]/)) {
				token = substr(text, RSTART, RLENGTH)
				text = substr(text, RSTART + RLENGTH)
				if (token == "{" && (last == "enum" || before == "enum"))
					inside = 1
				else if (token == "}" && inside)
					inside = 0
				else if (token ~ /[[({]/)
					depth++
				else if (token ~ /[])}]/)
					depth--
				else if (!depth && token !~ /^[0-9]/ && !(token in known))
					print token
				before = last
				last = token
			}
		}' | sort -u
}

# only_allowed LANGUAGE STANDARD: formats are files, their names begin like those
only_allowed() {
	local prefixes
	prefixes=$(basename -s .h ../include/lockless_pgwalk/formats/*.h | paste -sd'|')
	names "$@" | grep -vE "^(_LOCKLESS_PGWALK_|_PGWALK_USER_|PGWALK_|pgwalk_|(${prefixes}|${prefixes^^})_)" |
		diff <(printf '%s\n' "${allowed[@]}") -
}

# Names of the kernel, each of which the library uses.
allowed=(BITS_PER_LONG BIT_ULL BUILD_BUG_ON_INVALID GENMASK GENMASK_ULL OPTIMIZER_HIDE_VAR
	READ_ONCE WARN_ON_ONCE __always_inline __ffs __ffs64 __force __maybe_unused __rcu __set_bit __va be32_to_cpu
	be64_to_cpu bitmap_set find_next_bit likely test_bit try_cmpxchg64_relaxed
	try_cmpxchg_relaxed u32 u64 unlikely)

export LC_ALL=C PKG_CONFIG_PATH=$dir/usr/share/pkgconfig PKG_CONFIG_SYSROOT_DIR=$dir
ok "make install-lib" make --no-print-directory -C .. install-lib DESTDIR="$dir" PREFIX=/usr
ok "pkg-config" pkg-config --print-errors --exists lockless_pgwalk
read -ra cflags <<<"$(pkg-config --cflags lockless_pgwalk)"
version=$(gcc -E -P "${cflags[@]}" - <<<$'#include <lockless_pgwalk/version.h>\nPGWALK_VERSION_MAJOR.PGWALK_VERSION_MINOR')
ok "the version of the header is that of pkg-config" \
	pkg-config --print-errors --exact-version="${version// /}" lockless_pgwalk
mapfile -t headers < <(cd "$dir/usr/include/lockless_pgwalk" && find lockless_pgwalk -name '*.h')

ok "example.c, gcc" build_and_run example.c gcc -std=c11
ok "example.c, clang" build_and_run example.c clang -std=c11
ok "own_names.c, gcc" build_and_run own_names.c gcc -std=c11 -Iown
ok "own_names.c, clang" build_and_run own_names.c clang -std=c11 -Iown
ok "cplusplus.cc, g++" build_and_run cplusplus.cc g++ -std=c++17 "${headers[@]/#/-include}"
ok "cplusplus.cc, clang++" build_and_run cplusplus.cc clang++ -std=c++17 "${headers[@]/#/-include}"
ok "names that are the library's or allowed, in C" only_allowed c c11
ok "names that are the library's or allowed, in C++" only_allowed c++ c++17
exit $failed
