#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Check litmus tests against the kernel's own memory model.

MODEL is tools/memory-model of a kernel tree. Each *.litmus below a FOLDER says
whether its "exists" clause can come true, by a line "Result: Never" or "Result:
Sometimes", and a line "Result on x86: ..." if tso.cat has something else to say.
With --needed, what says Never must become Sometimes as soon as any one of its
orders is taken out: a barrier, the locks of a process, a critical section, a
grace period; what is an acquire, a release or a full barrier is relaxed then, and
what is a relaxed exchange is not atomic.

All executions that make the clause true are made: with each value for each load,
each store that it can be from, each order of the stores to a location. The clause
can come true if linux-kernel.bell and linux-kernel.cat, as they are, allow any of
them. So this is LKMM as herd7 would apply it, neither weaker nor stronger, but
that a lock is an atomic exchange of a location, in place of lock.cat, and that
nothing is said of data races.
"""
import argparse
import itertools
import re
import sys
from pathlib import Path

from cat import Model
from program import Event, NeedValue, Parser, Trace, read_macros

# NAME=VALUE of a clause
ATOM = r"(\d+:\w+|\w+)\s*=\s*(\w+)"
# What cat knows without being told.
SETS = ("R", "W", "F", "IW", "RMW", "Plain", "LKR", "LKW", "UL", "LF", "RL", "RU")


class Test:
    """A file."""

    def __init__(self, path, macros):
        text = path.read_text()
        self.name = path.stem
        self.result = dict(re.findall(r"Result( on x86)?: (\w+)", text))
        text = re.sub(r"\(\*\s.*?\*\)|//[^\n]*|locations\s*\[[^]]*\]", " ", text, flags=re.S)
        name, init, body, clause = re.fullmatch(r"C (\S+)\s*\{(.*?)\}(.*)\bexists\b(.*)", text, flags=re.S).groups()
        if name != self.name:
            raise ValueError(f"is called {name}")
        self.init = {name: int(value) if value.isdigit() else value or 0 for name, value in re.findall(
            r"(\w+)\s*(?:=\s*&?(\w+))?\s*;", init)}
        self.names = [name for name, _ in re.findall(ATOM, clause)]
        # what must be so in any case
        self.wanted = [] if "\\/" in clause or "~" in clause else re.findall(ATOM, clause)
        clause = re.sub(ATOM, r"final['\1'] == '\2'", clause)
        clause = clause.replace("/\\", " and ").replace("\\/", " or ").replace("~", " not ")
        self.clause = compile(" ".join(clause.split()), self.name, "eval")
        parser = Parser(body, macros)
        self.processes = []
        while parser.take(f"P{len(self.processes)}"):
            self.processes.append(parser.process())
        if parser.stream != [""]:
            raise ValueError(f"not understood: {' '.join(parser.stream[:9])}")

    def traces(self, number, values, weak):
        """All that process @number may do if locations can have these @values."""
        found, prefixes = [], [()]
        while prefixes:
            prefix = prefixes.pop()
            try:
                found.append(Trace(number, self.processes[number][0], prefix, weak))
            except NeedValue as need:
                prefixes += [(*prefix, value) for value in values.get(need.args[0], {0})]
        return found

    def all_traces(self, weak):
        """Of each process, with each value that any process may store."""
        values, before = {name: {value} for name, value in self.init.items()}, None
        while values != before:
            before = {name: set(known) for name, known in values.items()}
            traces = [self.traces(number, values, weak[1] if weak and weak[0] == number else None)
                      for number in range(len(self.processes))]
            for event in (event for each in traces for trace in each for event in trace.events):
                known = values.setdefault(event.location, {0})
                known |= {event.value} if event.kind == "W" else set()
        return traces

    def reachable(self, model, weak=None):
        """Can the clause come true, without the order @weak if that is given?"""
        traces = self.all_traces(weak)
        for number, each in enumerate(traces):
            wanted = [(name.partition(":")[2], value) for name, value in self.wanted
                      if name.startswith(f"{number}:")]
            traces[number] = [trace for trace in each if all(trace.final(name) == value for name, value in wanted)]
        return any(model.allows(*execution) for combination in itertools.product(*traces)
                   for execution in Candidates(self, combination).executions())

    def orders(self):
        """What can be taken out, and a name for it."""
        for number, (_, calls) in enumerate(self.processes):
            if any(call.name == "lock" for call in calls):
                yield (number, "lock"), f"P{number}: its locks"
            for call in calls:
                if call.tag != "rcu-unlock" and (
                        call.name in ("fence", "xchg", "cmpxchg") or call.tag in ("acquire", "release")):
                    yield (number, call.site), f"P{number}: {call.written}()"


class Candidates:
    """One trace of each process, and the executions that it can be part of."""

    def __init__(self, test, traces):
        self.test, self.traces = test, traces
        self.locations = sorted({*test.init, *(event.location for trace in traces for event in trace.events
                                               if event.location is not None)})
        self.events = [Event(None, "W", ("IW",), name, test.init.get(name, 0)) for name in self.locations]
        self.relations = {name: set() for name in ("po", "addr", "data", "ctrl", "rmw")}
        for trace in traces:
            base = len(self.events)
            self.events += trace.events
            self.relations["po"] |= set(itertools.combinations(range(base, len(self.events)), 2))
            for name, pairs in trace.relations.items():
                self.relations[name] |= {(base + a, base + b) for a, b in pairs}

    def stores(self, location):
        return [i for i, event in enumerate(self.events) if event.kind == "W" and event.location == location]

    def orders(self, location):
        """Of the stores to it: the first one first, those of a process in turn."""
        first, *others = self.stores(location)
        for order in itertools.permutations(others):
            if not any((b, a) in self.relations["po"] for a, b in itertools.combinations(order, 2)):
                yield (first, *order)

    def executions(self):
        """Those that make the clause true."""
        events = self.events
        loads = [i for i, event in enumerate(events) if event.kind == "R"]
        sources = [[store for store in self.stores(events[load].location)
                    if events[store].value == events[load].value and (load, store) not in self.relations["po"]]
                   for load in loads]
        final = dict.fromkeys(self.test.names, "0")
        final |= {f"{trace.number}:{name}": trace.final(name) for trace in self.traces for name in trace.registers}
        for orders in itertools.product(*(self.orders(location) for location in self.locations)):
            final |= {events[order[-1]].location: str(events[order[-1]].value) for order in orders}
            if eval(self.test.clause, {"final": final}):
                co = {pair for order in orders for pair in itertools.combinations(order, 2)}
                for choice in itertools.product(*sources):
                    yield range(len(events)), self.base(set(zip(choice, loads)), co)

    def base(self, rf, co):
        """What cat begins with."""
        events, everything = self.events, range(len(self.events))
        sets = {name: set() for name in SETS}
        for i, event in enumerate(events):
            for name in (event.kind, *event.tags):
                sets.setdefault(name, set()).add(i)
        sets["M"] = sets["R"] | sets["W"]
        pairs = {**self.relations, "rf": rf, "co": co, "id": {(i, i) for i in everything}}
        pairs["fr"] = {(load, later) for store, load in rf for earlier, later in co if store == earlier}
        pairs["loc"] = {(a, b) for a in sets["M"] for b in sets["M"] if events[a].location == events[b].location}
        pairs["int"] = {(a, b) for a in everything for b in everything
                        if events[a].process == events[b].process is not None}
        pairs["ext"] = {(a, b) for a in everything for b in everything} - pairs["int"] - pairs["id"]
        pairs["po-loc"] = pairs["po"] & pairs["loc"]
        for name in ("rf", "co", "fr"):
            pairs[name + "e"], pairs[name + "i"] = pairs[name] & pairs["ext"], pairs[name] & pairs["int"]
        return sets | pairs


def check(test, models, needed):
    """What was found, if nothing is wrong with a test."""
    if "" not in test.result:
        raise ValueError("it does not say its result")
    for where, wanted in test.result.items():
        found = "Sometimes" if test.reachable(models[where]) else "Never"
        if found != wanted:
            raise ValueError(f"the result{where} is {found}, not {wanted}")
    words = [result + where for where, result in test.result.items()]
    if needed and test.result[""] == "Never":
        orders = list(test.orders())
        idle = [name for order, name in orders if not test.reachable(models[""], order)]
        if idle or not orders:
            raise ValueError(f"Never without this, too: {', '.join(idle) or 'any order'}")
        words.append(f"Sometimes without {' or '.join(name for _, name in orders)}")
    return ", ".join(words)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("folder", type=Path, nargs="+")
    parser.add_argument("--needed", action="store_true", help="no order may be one too many")
    parser.add_argument("--x86", metavar="NAME=RESULT", action="append", default=[], help="the result on x86")
    parser.add_argument("--without", metavar="NAME", action="append", default=[], help="leave a test out")
    args = parser.parse_args()
    here = Path(__file__).parent
    models = {"": Model(*((args.model / f"linux-kernel.{part}").read_text() for part in ("bell", "cat"))),
              " on x86": Model((here / "tso.cat").read_text())}
    macros = read_macros((args.model / "linux-kernel.def").read_text())
    paths = {path.stem: path for folder in args.folder for path in sorted(folder.rglob("*.litmus"))}
    x86 = dict(pair.split("=") for pair in args.x86)
    failed = not paths or not {*x86, *args.without} <= {*paths}
    for name in (name for name in paths if name not in args.without):
        try:
            test = Test(paths[name], macros)
            test.result |= {" on x86": x86[name]} if name in x86 else {}
            print(f"ok - {name}: {check(test, models, args.needed)}", flush=True)
        except (ValueError, AttributeError, KeyError) as why:
            failed = True
            print(f"not ok - {name}\n# {why}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
