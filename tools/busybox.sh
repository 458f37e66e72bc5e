#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# busybox.sh ARCH: a static busybox for that machine; the last line is its path.
# Another machine's comes from Debian's package. It is fetched into the cache
# with lists of packages of its own: the system's architectures stay as they
# are, its sources and keys are used, and apt checks signatures as always.
# BUSYBOX=path in the environment: that one, whatever the machine.
# shellcheck disable=SC2317 # functions are called by step
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 1 ] || die "usage: busybox.sh x86|arm64|powerpc"
arch_is "$1"
busybox=$CACHE/busybox-$1
[ "$1" != x86 ] || busybox=/bin/busybox
busybox=${BUSYBOX:-$busybox}

# The system's hooks are for its own lists.
configuration() {
	cat <<-EOT
	APT::Architecture "$DEBIAN";
	#clear APT::Architectures;
	APT::Architectures { "$DEBIAN"; };
	#clear APT::Update::Post-Invoke;
	#clear APT::Update::Post-Invoke-Success;
	APT::Sandbox::User "";
	Dir::State "$tmp/state";
	Dir::State::status "$tmp/status";
	Dir::Cache "$tmp/cache";
	EOT
}

fetch() {
	mkdir -p "$tmp/state/lists/partial" "$tmp/cache/archives/partial"
	: >"$tmp/status"
	configuration >"$tmp/apt.conf"
	cd "$tmp"
	{
		# of several sources one may be out of order; what is downloaded is checked
		apt-get -qq -c apt.conf update || true
		apt-get -qq -c apt.conf download busybox-static &&
			dpkg -x busybox-static_*.deb . && mv bin/busybox "$busybox"
	} >said 2>&1 || die "Debian's busybox-static for $1 cannot be fetched:
$(tail -n 5 said)
With apt and a network, run it again; without, put a static busybox for $1 at $busybox"
}

if [ ! -e "$busybox" ] && [ "$busybox" = "$CACHE/busybox-$1" ]; then
	mkdir -p "$CACHE"
	tmp=$(mktemp -d "$CACHE/.busybox.XXXXXX")
	at_end "rm -rf ${tmp@Q}"
	step "fetching a busybox for $1" fetch "$1"
fi
printf '%s\n' "$busybox"
