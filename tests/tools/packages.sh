#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# packages.sh: a task asks for what it needs, and says what is wrong with a machine. TAP.
# shellcheck disable=SC2317 # functions are called by ok()
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"

# asked TASK...: the packages that somebody who is no root is told to install
asked() {
	cut -d' ' -f1 "$clone/tools/packages" >"$FAKE/missing"
	echo 1000 >"$FAKE/user"
	! run tools/setup.sh "$@" && sed -n 's/.*--no-install-recommends //p' "$tmp/said" | tr ' ' '\n' | sort
	rm "$FAKE/missing" "$FAKE/user"
}

# with COMMAND..., not COMMAND...: in what was asked for last, there is, or is not, PATTERN
with() { grep -qE "$1" "$tmp/asked"; }
without() { ! with "$1"; }

ok "each package says for which parts it is" \
	[ -z "$(grep -vE '^[a-z0-9.+-]+ +# (series|kernel|lib|builds|audit|report|demo|x86|arm64|powerpc|guest-test-x86|debian)[a-z0-9 -]*: ' \
		"$clone/tools/packages")" ]
asked >"$tmp/asked"
ok "setup asks for all" cmp "$tmp/asked" <(cut -d' ' -f1 "$clone/tools/packages" | sort)
asked series >"$tmp/asked"
ok "series: the kernel's source" with '^linux-source'
ok "and neither compilers nor emulators" without '^(gcc|clang|qemu)'
asked check-lib >"$tmp/asked"
ok "check-lib: clang with its run-time" with '^libclang-rt-dev'
ok "and neither cross compilers nor emulators" without '^(gcc-|qemu)'
asked kunit >"$tmp/asked"
ok "kunit: gcc" with '^gcc$'
ok "and neither cross compilers nor emulators" without '^(gcc-|qemu|clang)'
asked guest-test x86 >"$tmp/asked"
ok "guest-test x86: its emulator" with '^qemu-system-x86'
ok "and nothing of others" without 'arm|aarch64|ppc|powerpc|riscv|s390|mips|clang'
asked guest-test arm64 >"$tmp/asked"
ok "guest-test arm64: emulator and compiler" [ "$(grep -c 'qemu-system-arm\|gcc-aarch64' "$tmp/asked")" = 2 ]
ok "and nothing of others" without 'x86|ppc|powerpc|riscv|s390|mips|clang'
asked mutants-kernel arm64 >"$tmp/asked"
ok "mutants-kernel on arm64: likewise" [ "$(grep -c 'qemu-system-arm\|gcc-aarch64' "$tmp/asked")" = 2 ]
asked kit powerpc >"$tmp/asked"
ok "kit for powerpc: its compiler" with '^gcc-powerpc64le'
asked demo x86 >"$tmp/asked"
ok "demo: what draws its picture" with '^gnuplot-nox$'
asked audit >"$tmp/asked"
ok "audit: Coccinelle" with '^coccinelle$'
asked check-series >"$tmp/asked"
ok "check-series: cross compilers" with '^gcc-s390x'
ok "and no emulators" without '^qemu'

# As root.
echo 0 >"$FAKE/user"
printf '%s\n' bc flex >"$FAKE/missing"
echo 2 >"$FAKE/locked"
ok "another apt is running" run tools/setup.sh kunit
ok "it waits" says "waiting for another apt"
ok "and installs what is missing, and nothing else" grep -q 'install --no-install-recommends bc flex$' "$FAKE/apt"
rm "$FAKE/apt"
ok "a second time" run tools/setup.sh kunit
ok "there is nothing to install" [ ! -e "$FAKE/apt" ]
echo 'nosuch # series: what no distribution has' >>"$clone/tools/packages"
echo nosuch >"$FAKE/missing"
ok "what cannot be installed" refuses "Debian 12 and 13 have them all" tools/setup.sh kunit
sed -i '$d' "$clone/tools/packages"
rm "$FAKE/missing" "$FAKE/user"

# Other machines.
echo aarch64 >"$FAKE/machine"
ok "not x86-64" refuses "this needs an x86-64 machine" make kunit
ok "make series needs none" run tools/setup.sh series
rm "$FAKE/machine"
mkdir "$tmp/bin"
ln -s /usr/bin/* "$tmp/bin"
rm -f "$tmp"/bin/{dpkg-query,apt-get}
cp -r "$here/fake" "$tmp/fake-bin"
rm "$tmp/fake-bin/dpkg-query"
cp -r "$FAKE/kernel" "$tmp/kdir"
PATH=$tmp/fake-bin:$tmp/bin
ok "no dpkg" refuses "no dpkg here, and so no linux-source-6.12; give KDIR=" make kunit
ok "but a kernel tree" run make kunit KDIR="$tmp/kdir"
finish
