#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Becomes an emulated Intel machine that boots a kernel; boot.sh reads its console.
# QEMU does not emulate VMX, so it is Bochs, and what Bochs does not do, no test on it
# shows:
#   - CPUs do not run in parallel but in turns, each for a few instructions
#   - they set accessed bits by no locked cycle
#   - they remember no entries of tables that lead to other tables
#   - they enter no guest in real mode: it must start in protected mode
#   - there is no memory beyond 2048 MB
# It is one host thread, of some ten million instructions a second.
set -euo pipefail

usage() {
	cat <<-EOT
	usage: ${0##*/} [options] MODEL IMAGE INITRAMFS DIR

	MODEL is one of Bochs' CPUs, see \`bochs -help cpu\`. The serial console goes
	to DIR/console, what Bochs says to DIR/bochs.out and DIR/bochs.log.
	  -a TEXT  the kernel's command line
	  -m SIZE  memory (default 800M)
	  -c N     CPUs (default 2)
	  -i N     instructions that a CPU does in a second, of its own time (default
	           100000000)

	When the power is switched off, Bochs panics: that is exit code 1, too.
	EOT
}

fail() {
	echo "${0##*/}: $*" >&2
	exit 1
}

append='' memory=800M cpus=2 ips=100000000
while getopts a:m:c:i: option; do
	case $option in
	a) append=$OPTARG ;;
	m) memory=$OPTARG ;;
	c) cpus=$OPTARG ;;
	i) ips=$OPTARG ;;
	*) usage >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[[ $# -eq 4 ]] || { usage >&2; exit 2; }
model=$1 image=$2 initramfs=$3 dir=$4

isolinux=/usr/lib/ISOLINUX/isolinux.bin ldlinux=/usr/lib/syslinux/modules/bios/ldlinux.c32
bios=/usr/share/bochs/BIOS-bochs-latest vga=/usr/share/bochs/VGABIOS-lgpl-latest
for tool in bochs genisoimage; do
	command -v "$tool" >/dev/null || fail "$tool is missing"
done
for file in "$isolinux" "$ldlinux" "$bios" "$vga"; do
	[[ -r $file ]] || fail "$file is missing"
done
mb=$(numfmt --from=iec --to-unit=1048576 "$memory")
[[ $mb -le 2048 ]] || fail "at most 2048M, not $memory"

# Time goes by instructions, whatever frequency a CPU says that it has. A reboot would
# begin anew, but a triple fault is the end.
mkdir -p "$dir/cd/isolinux"
cp "$image" "$dir/cd/vmlinuz"
cp "$initramfs" "$dir/cd/initrd"
cp "$isolinux" "$ldlinux" "$dir/cd/isolinux/"
cat >"$dir/cd/isolinux/isolinux.cfg" <<EOT
DEFAULT linux
PROMPT 0
LABEL linux
 KERNEL /vmlinuz
 APPEND initrd=/initrd tsc_early_khz=$((ips / 1000)) reboot=t $append
EOT
genisoimage -quiet -o "$dir/cd.iso" -b isolinux/isolinux.bin -c isolinux/boot.cat \
	-no-emul-boot -boot-load-size 4 -boot-info-table "$dir/cd"

# Sound is a dummy because Bochs ends where there is none; Debian's has no display
# without a window but rfb, which waits for nobody here.
cat >"$dir/bochsrc" <<EOT
display_library: rfb, options="timeout=0"
sound: driver=dummy
speaker: enabled=0
memory: guest=$mb, host=$mb
romimage: file=$bios
vgaromimage: file=$vga
cpu: model=$model, count=1:$cpus:1, ips=$ips, reset_on_triple_fault=0
clock: sync=none, time0=1700000000
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path=$dir/cd.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=$dir/console
log: $dir/bochs.log
panic: action=fatal
error: action=report
info: action=ignore
debug: action=ignore
pci: enabled=1, chipset=i440fx
mouse: enabled=0
EOT
# Debian's has its debugger compiled in, which waits for this
echo c >"$dir/commands"
exec bochs -q -f "$dir/bochsrc" -rc "$dir/commands" >"$dir/bochs.out" 2>&1 </dev/null
