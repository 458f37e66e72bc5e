#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
kcsan.py STOCK PATCHED OBJ LOG: of the data races that KCSAN reported in the console
LOG of the kernel built in OBJ, show those with a line of the series, which is what
the tree PATCHED has and the tree STOCK has not. Fails if there is one, if a report
cannot be read, or if KCSAN did not work: its own tests at boot, and its counters,
which the console must end with, say so.

Races between lines that the series left alone are counted: they are the kernel's.
"""
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

TITLE = re.compile(r"^BUG: KCSAN: (.*)")
ACCESS = re.compile(r"^(?:race at unknown origin, with )?"
                    r"(?:read|write|read-write|assert no \w+)[^:]* (?:of|to) .*(?:bytes|interrupt).*:$")
FRAME = re.compile(r"^ ([\w.]+)\+0x([0-9a-f]+)/0x[0-9a-f]+")
ALIVE = re.compile(r"^kcsan: selftest: (\d+)/\1 tests passed$", re.M)
WATCHED = re.compile(r"^setup_watchpoints: ([1-9]\d*)$", re.M)
HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.M)


def reports(text):
    """Each report as its title and the frame of each access: (function, offset)."""
    title, frames, wanted = None, [], False
    for line in text.splitlines():
        found = TITLE.match(line)
        if found:
            title, frames = found[1], []
        elif title and line.startswith("Reported by Kernel Concurrency Sanitizer"):
            yield title, frames
            title = None
        elif title and ACCESS.match(line):
            wanted = True
        elif title and wanted and FRAME.match(line):
            found = FRAME.match(line)
            frames.append((found[1], int(found[2], 16)))
            wanted = False
    if title:
        yield title, frames


def symbols(obj):
    """The address of each function; of one name there may be several."""
    table = {}
    for line in run("nm", obj / "vmlinux").splitlines():
        fields = line.split()
        if len(fields) == 3 and fields[1] in "tTwW":
            table.setdefault(fields[2], []).append(int(fields[0], 16))
    return table


def places(obj, addresses):
    """The lines, as (file, line), that the code before each address comes from."""
    # the call of KCSAN lies before the address to which it returns
    text = run("addr2line", "-i", "-e", obj / "vmlinux", *[hex(a - 1) for a in addresses])
    for line in text.splitlines():
        name, _, number = line.split(" ")[0].rpartition(":")
        # ccache may have it from another tree: what counts is the way from the objects
        name = os.path.normpath(os.path.join("obj", re.sub(r".*/obj-[^/]*/", "", name)))
        yield name, int(number) if number.isdigit() else 0


class Series:
    """Which lines does the series bring?"""

    def __init__(self, stock, patched):
        self.stock, self.patched, self.known = stock, patched, {}

    def lines(self, name):
        """All lines of the file that are new, or None if all are."""
        if name not in self.known:
            self.known[name] = set()
            if not (self.stock / name).exists():
                self.known[name] = None
            else:
                text = run("diff", "-U0", self.stock / name, self.patched / name, fine=(0, 1))
                for start, count in HUNK.findall(text):
                    self.known[name].update(range(int(start), int(start) + int(count or 1)))
        return self.known[name]

    def has(self, place):
        name, line = place
        if not (self.patched / name).exists():
            sys.exit(f"kcsan.py: {name} is no file of {self.patched}")
        lines = self.lines(name)
        return lines is None or line in lines


def run(*command, fine=(0,)):
    """What a program prints."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode not in fine:
        sys.exit(f"kcsan.py: {command[0]} failed: {done.stderr.strip()}")
    return done.stdout


def main():
    if len(sys.argv) != 5:
        sys.exit("usage: kcsan.py STOCK PATCHED OBJ LOG")
    stock, patched, obj, log = map(Path, sys.argv[1:])
    text = log.read_text(errors="replace")
    watched = WATCHED.search(text)
    if not ALIVE.search(text) or not watched:
        sys.exit(f"kcsan.py: KCSAN did not work, or did not come to its end: {log}")
    table, series = symbols(obj), Series(stock, patched)
    ours, others = Counter(), 0
    for title, frames in reports(text):
        if len(frames) != 2 or not all(name in table for name, _ in frames):
            sys.exit(f"kcsan.py: cannot tell where both sides are: {title}")
        addresses = [start + offset for name, offset in frames for start in table[name]]
        found = {f"{place[0]}:{place[1]}" for place in places(obj, addresses) if series.has(place)}
        if found:
            ours[f"{title}: {', '.join(sorted(found))}"] += 1
        else:
            others += 1
    for what, times in ours.most_common(20):
        print(f"{what} ({times} times)")
    print(f"{watched[1]} accesses watched: {sum(ours.values())} races with a line of the series, {others} without")
    return bool(ours)


if __name__ == "__main__":
    sys.exit(main())
