# SPDX-License-Identifier: GPL-2.0-only
"""Stands for the kernel's kunit.py in the tests of the tools."""
import os
import re
import subprocess
import sys
from pathlib import Path

fake = Path(os.environ["FAKE"])
running = fake / "running"
if running.exists():
    sys.exit("another one runs")
running.touch()
subprocess.run(["hold", str(os.getpid())], check=True)
mark = re.findall("MARK.*", Path("include/lockless_pgwalk/young.h").read_text())
with open(fake / "tested", "a") as tested:
    tested.write(f"{mark} {sys.argv}\n")
running.unlink()
obj = next(word.split("=")[1] for word in sys.argv if word.startswith("--build_dir="))
compiler = next(word.split("=")[2] for word in sys.argv if word.startswith("--make_options=CC="))
subprocess.run(["make", "-s", f"CC={compiler}", f"{obj}/mm/mmu_notifier.o"], check=True)
print("Testing complete. Ran 1 tests: passed: 1")
