#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The patch series: check it, export it as mails, give the files it makes, and
take back what was edited in a tree that has it.

series/order names the commits, first to last, one per line; behind a name may
stand the releases that it is for, and "#" begins a comment. series/NAME holds one
commit: the subject, an empty line, the changelog, a line "---", then one file of
this project per line. A file goes to the same path in the kernel, kunit/ to
lib/lockless_pgwalk/, selftests/ to tools/testing/selftests/. X.patch and
X.PURPOSE.patch are changes to X. Offsets are allowed, fuzz is not. series/cover is
the cover letter. All this is for Linux 6.12; on another base, a file in
base/RELEASE/ replaces that of the same path.
"""
import argparse
import collections
import filecmp
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

TOP = Path(__file__).resolve().parent.parent
KERNEL_DIRS = ("Documentation", "MAINTAINERS.patch", "arch", "fs", "include", "kunit", "lib", "mm", "selftests", "virt")
FIRST_BASE = "6.12"
# Folders that the kernel has elsewhere.
MOVED = {"kunit/": "lib/lockless_pgwalk/", "selftests/": "tools/testing/selftests/"}


class Refused(Exception):
    """What is wrong, in words for the person who ran this."""


class Step(NamedTuple):
    """One file of one commit."""
    text: str       # series/NAME
    file: str       # in this project
    path: str       # in the kernel
    is_patch: bool


class Commit(NamedTuple):
    text: str
    message: str
    files: list


def bases():
    """The releases that the series is for."""
    folder = TOP / "base"
    return [FIRST_BASE, *sorted(path.name for path in (folder.iterdir() if folder.is_dir() else []))]


def ours(file):
    """Where this project has a file for the base at hand."""
    other = f"base/{os.environ.get('BASE') or FIRST_BASE}/{file}"
    return Path(other if (TOP / other).is_file() else file)


def read_commit(name):
    text = str(ours(f"series/{name}"))
    message, separator, files = (TOP / text).read_text().partition("\n---\n")
    subject, _, rest = message.partition("\n")
    if not separator or not files.strip():
        raise Refused(f'{text}: no line "---" with the files after it')
    if not subject.strip() or not re.match(r"\n+\S", rest):
        raise Refused(f"{text}: must begin with a subject, an empty line and a changelog")
    return Commit(text, message, files.split())


def each_base(function):
    """What it finds on each base."""
    found, at_hand = {}, os.environ.get("BASE", "")
    for os.environ["BASE"] in bases():
        found[os.environ["BASE"]] = function()
    os.environ["BASE"] = at_hand
    return found


def read_order():
    lines = re.sub(r"#.*", "", (TOP / ours("series/order")).read_text()).splitlines()
    base = os.environ.get("BASE") or FIRST_BASE
    return [name for name, *releases in map(str.split, filter(str.strip, lines))
            if not releases or base in releases]


def check_order():
    """Each text is named once, or only on other bases, and nothing else is there."""
    orders = each_base(read_order)
    folders = {base: TOP / "base" / base / "series" for base in orders}
    named = {FIRST_BASE: {name for order in orders.values() for name in order}, **{
        base: set(orders[base]) for base in orders if base != FIRST_BASE}}
    folders[FIRST_BASE] = TOP / "series"
    wrong = [f"series/{name}: series/order does not name it"
             for base, folder in folders.items() if folder.is_dir()
             for name in sorted({path.name for path in folder.iterdir()} - {"order", "cover"} - named[base])]
    names = read_order()
    wrong += [f"series/order: there is no series/{name}" for name in names if not (TOP / ours(f"series/{name}")).is_file()]
    wrong += [f"series/order: {name} is named twice" for name in sorted(set(names)) if names.count(name) > 1]
    if wrong:
        raise Refused("\n".join(wrong))


def read_commits():
    return [read_commit(name) for name in read_order()]


def left_out():
    """The files for the kernel that no text brings, on any base."""
    brought = {base: {file for commit in commits for file in commit.files}
               for base, commits in each_base(read_commits).items()}
    for base, files in brought.items():
        root = TOP if base == FIRST_BASE else TOP / "base" / base
        known = set().union(*brought.values()) if base == FIRST_BASE else files
        for top in KERNEL_DIRS:
            for path in [root / top, *(root / top).rglob("*")]:
                if path.is_file() and str(path.relative_to(root)) not in known:
                    yield str(path.relative_to(TOP))


def read_series(complete=True):
    """All commits; every file for the kernel is brought by exactly one. Unless
    complete, files may be named that are yet to be made."""
    check_order()
    commits = read_commits()
    brought = {}
    wrong = []
    for commit in commits:
        for file in commit.files:
            if complete and not (TOP / ours(file)).is_file():
                wrong.append(f"{commit.text}: there is no {file}")
            if file in brought:
                wrong.append(f"{file}: brought by {brought[file]} and again by {commit.text}")
            brought[file] = commit.text
    wrong += [f"{file}: no text in series/ brings it" for file in sorted(left_out())]
    if wrong:
        raise Refused("\n".join(wrong))
    return commits


def plan(commits, tree, applied=False):
    """What each commit does to the kernel at tree: a list of steps per commit."""
    new = set()

    def exists(path):
        return path in new or (tree / path).is_file()

    def step(text, file):
        path = file
        for here, there in MOVED.items():
            path = re.sub(f"^{here}", there, path)
        is_patch = path.endswith(".patch")
        if is_patch and ours(file) != Path(file):
            # what is in one file on 6.12 may be in another one elsewhere
            path = (patched_files(ours(file)) or [path])[0]
        elif is_patch:
            path = path.removesuffix(".patch")
            without_purpose = re.sub(r"\.[^./]+$", "", path)
            if not exists(path):
                if not exists(without_purpose):
                    raise Refused(f"{text}: {file} changes {path}, which {tree} does not have")
                path = without_purpose
        elif exists(path) and not applied:
            raise Refused(f"{text}: {file} would replace {path}, which {tree} has already")
        new.add(path)
        return Step(text, str(ours(file)), path, is_patch)

    return [[step(commit.text, file) for file in commit.files] for commit in commits]


def release(tree):
    numbers = dict(re.findall(r"^(\w+) = (\d+)$", (tree / "Makefile").read_text(), re.M))
    return ".".join(numbers[part] for part in ("VERSION", "PATCHLEVEL", "SUBLEVEL"))


def copy_pristine(steps, tree, scratch):
    for path in {step.path for step in steps}:
        if (tree / path).is_file():
            (scratch / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(tree / path, scratch / path)


def take(step, scratch, tree):
    """Carry one step out in scratch."""
    if not step.is_patch:
        bring(step, scratch)
        return
    check_headers(step)
    answer = run_patch(step, scratch)
    if answer:
        hunks = re.findall(r"^Hunk #(\d+) FAILED at (\d+)", answer, re.M)
        what = "; ".join(f"hunk #{number} at line {line} does not apply" for number, line in hunks)
        raise Refused(f"{step.text}: {step.file}: {what or answer.strip()} to {step.path} ({release(tree)})")


def bring(step, scratch):
    """A file that is new in the kernel."""
    target = scratch / step.path
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(TOP / step.file, target)


def check_headers(step):
    named = patched_files(step.file)
    if named != [step.path]:
        raise Refused(f"{step.text}: {step.file} must change {step.path} and nothing else, "
                      f"but its headers name {' '.join(named) or 'no file'}")


def take_all(steps, scratch):
    """Carry them out in scratch, all patches by one patch, which is much faster. False
    if it refuses one: there, not all is done then."""
    for step in steps:
        if step.is_patch:
            check_headers(step)
        else:
            bring(step, scratch)
    changes = [(TOP / step.file).read_bytes() for step in steps if step.is_patch]
    run = feed_patch(b"".join(changes), scratch, "-p1")
    # what has no hunk is passed over
    return not run.returncode and run.stdout.count(b"patching file ") == len(changes)


def patched_files(file):
    return re.findall(r"^--- \S+\n\+\+\+ [^/\s]+/(\S+)", (TOP / file).read_text(), re.M)


def run_patch(step, scratch, *options):
    """What patch says when it fails, else nothing."""
    run = feed_patch((TOP / step.file).read_bytes(), scratch, *options, step.path)
    return run.stdout.decode(errors="replace") if run.returncode else ""


def feed_patch(changes, scratch, *options):
    return subprocess.run(["patch", "--force", "--fuzz=0", "--no-backup-if-mismatch",
                          "--reject-file=-", *options], cwd=scratch, input=changes,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          env={**os.environ, "LC_ALL": "C"})


def is_applied(steps, tree, scratch):
    """Can every step be taken back, the last one first?"""
    copy_pristine(steps, tree, scratch)
    for step in reversed(steps):
        target = scratch / step.path
        if not target.is_file():
            return False
        if step.is_patch:
            if run_patch(step, scratch, "--reverse"):
                return False
        elif target.read_bytes() != (TOP / step.file).read_bytes():
            return False
        else:
            target.unlink()
    return bool(steps)


def install(paths, scratch, tree):
    """Bring finished files into tree: all of them, or none."""
    waiting = []
    try:
        for path in paths:
            temporary = tree / f"{path}.series-new"
            temporary.parent.mkdir(parents=True, exist_ok=True)
            waiting.append((temporary, tree / path))
            shutil.copy(scratch / path, temporary)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        for temporary, target in waiting:
            temporary.replace(target)
    finally:
        for temporary, _ in waiting:
            temporary.unlink(missing_ok=True)


def finish(tree, scratch):
    """The whole series, carried out in scratch; the paths it touches."""
    steps = sum(plan(read_series(), tree), [])
    copy_pristine(steps, tree, scratch)
    if not take_all(steps, scratch):
        # from the beginning, to say which one does not apply
        shutil.rmtree(scratch)
        scratch.mkdir()
        copy_pristine(steps, tree, scratch)
        for step in steps:
            take(step, scratch, tree)
    return sorted({step.path for step in steps})


def cmd_check(args, scratch):
    commits = read_series()
    if args.tree:
        finish(args.tree, scratch)
    print(f"series: {len(commits)} commits, {sum(len(commit.files) for commit in commits)} files: ok")


def changed_lines(path):
    text = path.read_text()
    if path.suffix == ".patch":
        return len(re.findall(r"^[-+](?!--|\+\+)", text.partition("\n@@ ")[2], re.M))
    return text.count("\n")


def cmd_bases(args, scratch):
    ordered = each_base(read_order)
    for base in bases()[1:]:
        files = [path for path in (TOP / "base" / base).rglob("*") if path.is_file()]
        own = [name for name in ordered[base] if all(name not in names for at, names in ordered.items() if at != base)]
        brought = [TOP / file for name in own for file in read_commit(name).files]
        print(f"{base}: {len(files)} files, {sum(map(changed_lines, files))} changed lines; "
              f"commits for it alone: {len(own)}, {sum(map(changed_lines, brought))} lines")


def cmd_files(args, scratch):
    paths = finish(args.tree, scratch)
    args.dest.mkdir(parents=True, exist_ok=True)
    install(paths, scratch, args.dest)


def cmd_apply(args, scratch):
    steps = sum(plan(read_series(), args.tree, applied=True), [])
    if is_applied(steps, args.tree, scratch / "reverse"):
        print(f"the series is applied already to {args.tree}: nothing to do")
        return
    paths = finish(args.tree, scratch / "forward")
    install(paths, scratch / "forward", args.tree)
    print(f"the series is applied to {args.tree}: {len(paths)} files")


def run_git(folder, *command, **more):
    """What git says; if it fails, its words are those for the person who ran this."""
    run = subprocess.run(["git", *command], cwd=folder, capture_output=True, text=True, check=False, **more)
    if run.returncode:
        raise Refused(f"git: {run.stderr.strip()}")
    return run.stdout


def impersonal():
    """An environment for git without anyone's settings."""
    return {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def ask_log(*command):
    """Ask the repository of this project; whoever runs its tools trusts it already."""
    if not (TOP / ".git").exists():
        raise Refused(f"{TOP} has no log that says who wrote what: take it by git clone, not as an archive")
    return run_git(TOP, "-c", f"safe.directory={TOP}", "-c", "user.useConfigOnly=true", *command).strip()


def identity(role, who):
    """A line "name <address> date" as git wants it in its environment."""
    name, address, date = re.fullmatch(r"(.*) <(.*)> (.*)", who).groups()
    return {f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": address, f"GIT_{role}_DATE": date}


def author(files):
    """Who wrote a patch and when: who first wrote any of its files, however many
    have mended them since, and the time of the last change. What is not in the
    log yet is by whoever runs this."""
    lines = ask_log("log", "--format=%an <%ae> %ad", "--date=raw", "--", *files).splitlines()
    if not lines:
        return ask_log("var", "GIT_AUTHOR_IDENT")
    return f"{lines[-1].rpartition('> ')[0]}> {lines[0].rpartition('> ')[2]}"


def signs():
    """Does whoever runs this want to sign? Nobody else can want it for him."""
    wish = os.environ.get("SIGNOFF") or ask_log("config", "--type=bool", "--default=false", "format.signOff")
    return wish in ("1", "true")


def read_cover():
    text = re.sub(r"^#.*\n", "", (TOP / ours("series/cover")).read_text(), flags=re.M)
    if not re.match(r"\S.*\n\n+\S", text):
        raise Refused("series/cover: must begin with a subject, an empty line and a text")
    return text


def cmd_export(args, scratch):
    foreign = [path.name for path in args.out.glob("*") if not path.match("0*.patch")]
    if foreign:
        raise Refused(f"{args.out} holds {foreign[0]}, which is no earlier output: give OUT= an empty folder")
    commits = read_series()
    plans = plan(commits, args.tree)
    if not args.by and ask_log("rev-parse", "--is-shallow-repository") == "true":
        print("this clone has not the whole log, the authors may be others: git fetch --unshallow", file=sys.stderr)
    sign = ["--signoff"] if not args.by and signs() else []
    # the cover letter is from whoever signs the patches, else from who wrote it
    sender = ask_log("var", "GIT_COMMITTER_IDENT") if sign else args.by or author([str(ours("series/cover"))])
    environment = {**impersonal(), **identity("AUTHOR", sender), **identity("COMMITTER", sender)}
    repository, mails = scratch / "tree", scratch / "mails"
    repository.mkdir()

    def git(*command, **more):
        run_git(repository, "-c", "core.abbrev=12", *command, **{"env": environment, **more})

    init_repository(repository, environment)
    copy_pristine(sum(plans, []), args.tree, repository)
    git("add", "-fA")
    git("commit", "-q", "--allow-empty", "-m", "pristine")
    git("tag", "pristine")
    for commit, steps in zip(commits, plans):
        for step in steps:
            take(step, repository, args.tree)
        git("add", "-fA")
        git("commit", "-q", "--cleanup=whitespace", "-F", "-", input=commit.message,
            env={**environment, **identity("AUTHOR", args.by or author([str(ours(file)) for file in commit.files]))})
    git("config", "branch.series.description", read_cover())
    git("format-patch", "-q", "--cover-letter", "--cover-from-description=subject", "--numbered",
        "--zero-commit", "--no-signature", *sign, "-o", str(mails), "pristine")
    names = {mail.name for mail in mails.iterdir()}
    args.out.mkdir(parents=True, exist_ok=True)
    install(names, mails, args.out)
    for old in args.out.glob("0*.patch"):
        if old.name not in names:
            old.unlink()
    print(f"a cover letter and {len(commits)} patches in {args.out}")


def init_repository(folder, environment):
    run_git(folder, "init", "-q", "-b", "series", env=environment)
    # as in the kernel's .gitattributes: hunks are labelled with functions
    (folder / ".git/info/attributes").write_text("*.c diff=cpp\n*.h diff=cpp\n")


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def edited_steps(last, made, args):
    """Of the last steps that touch each file: those whose file was edited in the
    tree, and how many the tree has from an older series."""
    recorded = {}
    if args.manifest:
        lines = args.manifest.read_text().splitlines()
        recorded = {path: value for value, _, path in (line.partition("  ") for line in lines)}
    edited, wrong, older = [], [], 0
    for path, step in last.items():
        now, ours = digest(args.edited / path), digest(made / path)
        # what the tree got when it was made; unknown for other people's trees
        before = recorded.get(path, digest(args.tree / path)) if args.manifest else ours
        if now == ours:
            if not (TOP / step.file).is_file():
                wrong.append(f"{step.text}: there is no {step.file}, and {args.edited} has nothing for it")
        elif now == before:
            older += 1
        elif now is None:
            wrong.append(f"{path}: gone from {args.edited}; take {step.file} out of {step.text} instead")
        elif ours != before:
            wrong.append(f"{path}: edited in {args.edited}, but {step.file} is another than that was made with: "
                         "unite them by hand")
        else:
            edited.append(step)
    if wrong:
        raise Refused("\n".join(wrong))
    return edited, older


def context(patch):
    """How many lines of context a patch has; some have few, so that they apply to
    more than one base."""
    text = patch.read_text() if patch.is_file() else ""
    return max((len(lines.splitlines()) for lines in re.findall(r"^@@.*\n((?: .*\n)+)", text, re.M)), default=3)


def unnamed(paths, args, scratch):
    """What is new, changed or gone in the edited tree and brought by no text."""
    def differ(path):
        one, other = args.tree / path, args.edited / path
        if one.is_symlink() or other.is_symlink():
            return not (one.is_symlink() and other.is_symlink() and os.readlink(one) == os.readlink(other))
        old, new = one.stat(), other.stat()
        return old.st_size != new.st_size or (
            old.st_mtime_ns != new.st_mtime_ns and not filecmp.cmp(one, other, shallow=False))

    def sources(tree):
        # all but what a build makes, by the kernel's own .gitignore, to which
        # Debian has added that nothing at the top matters
        listed = run_git(tree, f"--git-dir={scratch}/empty", "--work-tree=.", "ls-files", "-zo",
                         "--exclude-standard", *(f"--exclude={pattern}" for pattern in (
                             "!/*/", "!/[A-Z]*", "!.gitignore", "/Module.symvers", "/.*/", "/obj-*/")),
                         env=impersonal())
        return set(listed.split("\0")) - paths - {""}

    run_git(scratch, "init", "-q", "--bare", "empty", env=impersonal())
    old, new = sources(args.tree), sources(args.edited)
    found = [(path, "new") for path in new - old] + [(path, "gone") for path in old - new]
    return sorted(found + [(path, "changed") for path in old & new if differ(path)])


def cmd_refresh(args, scratch):
    steps = sum(plan(read_series(complete=False), args.tree), [])
    last = {step.path: step for step in steps}
    repository, made, done = scratch / "repository", scratch / "made", scratch / "done"
    copy_pristine(steps, args.tree, made)
    for step in steps:
        if step is last[step.path] and step.is_patch:
            (repository / step.path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(made / step.path, repository / step.path)
        if (TOP / step.file).is_file():
            take(step, made, args.tree)
        elif step is not last[step.path]:
            raise Refused(f"{step.text}: there is no {step.file}, and the edit belongs to {last[step.path].file}")
    edited, older = edited_steps(last, made, args)

    init_repository(repository, impersonal())
    run_git(repository, "add", "-fA", env=impersonal())
    for step in edited:
        (done / step.file).parent.mkdir(parents=True, exist_ok=True)
        if not step.is_patch:
            shutil.copyfile(args.edited / step.path, done / step.file)
        else:
            shutil.copyfile(args.edited / step.path, repository / step.path)
            change = run_git(repository, "diff", f"-U{context(TOP / step.file)}", "--", step.path, env=impersonal())
            if "\n@@ " not in change:
                raise Refused(f"{step.path}: no change is left for {step.file}; take it out of {step.text} instead")
            (done / step.file).write_text(re.sub(r"^index .*\n", "", change, count=1, flags=re.M))
        if (TOP / step.file).is_file():
            shutil.copymode(TOP / step.file, done / step.file)
    left = unnamed({*last}, args, scratch)
    install([step.file for step in edited], done, TOP)

    shares = collections.Counter(step.path for step in steps)
    for step in edited:
        others = shares[step.path] - 1
        print(f"{step.path}: into {step.file}" +
              (f", the last patch of it; is it the right one? {others} before it stay as they are" if others else ""))
        if step.is_patch and not step.file.startswith("base/"):
            print(f"{step.file} is for all bases: does it still apply to the others?")
    for path, what in left:
        print(f"{path}: {what}, not taken: no text in series/ brings it")
    if left:
        print("to take a file: name it (a change to it: X.patch) in a text and refresh again")
    if older:
        print(f"{older} files of the series are newer than {args.edited}: make setup")
    print(f"{len(edited)} files refreshed from {args.edited}" if edited else f"nothing to take from {args.edited}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(function, about, **arguments):
        one = commands.add_parser(function.__name__.removeprefix("cmd_"), help=about)
        one.set_defaults(function=function)
        for name, options in arguments.items():
            one.add_argument(f"--{name}" if options else name, **{"type": Path, **options})

    needed = {"required": True, "metavar": "PRISTINE"}
    command(cmd_check, "is each file brought once, and does every patch apply?", tree={"metavar": "PRISTINE"})
    command(cmd_bases, "how much does each base have of its own?")
    command(cmd_export, "write mail-formatted patches to OUT", tree=needed, out={},
            by={"type": str, "metavar": "'NAME <ADDRESS> TIME'", "help": "the author of all, whatever the log says"})
    command(cmd_files, "write the files that the series makes to DEST", tree=needed, dest={})
    command(cmd_apply, "apply to TREE itself: all of it, or nothing", tree={"required": True, "metavar": "TREE"})
    command(cmd_refresh, "bring what was edited in a tree with the series back into this project", tree=needed,
            manifest={"metavar": "FILE", "help": "hashes of the files that the tree was made with"}, edited={})
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if getattr(args, "tree", None):
            os.environ["BASE"] = release(args.tree).rpartition(".")[0]
        with tempfile.TemporaryDirectory(prefix="series-") as scratch:
            args.function(args, Path(scratch))
    except Refused as why:
        sys.exit(f"{why}")
    except OSError as why:
        # a full disk has no name in it
        sys.exit(f"{why.filename2 or why.filename or tempfile.gettempdir()}: {why.strerror}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
