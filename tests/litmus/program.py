# SPDX-License-Identifier: GPL-2.0-only
"""The C of litmus tests, and what each process may do.

The C is what the tests need: integers and pointers, assignments, == and !=, if,
and what linux-kernel.def makes of the kernel's macros. There are no loops, no
arithmetic, no SRCU, and no lock but spin_lock().
"""
import re
from typing import NamedTuple

TOKEN = re.compile(r"__\w+\{[\w-]+\}|\w+|[=!]=|\S")
TYPES = ("int", "atomic_t", "spinlock_t")


def read_macros(text):
    """Of a .def file: {name: (parameters, body)}, in tokens."""
    return {name: (re.findall(r"\w+", parameters), TOKEN.findall(body))
            for name, parameters, body in re.findall(r"^(\w+)\((.*?)\)\s*(\S.*)$", text, flags=re.M)}


class Call(NamedTuple):
    """A primitive: what is left when all macros are expanded."""
    name: str       # "load" of __load{once}
    tag: str        # "once" of it
    arguments: list
    written: str    # the macro in the test, "READ_ONCE"
    site: int       # number of the call in its process


class Parser:
    """Of processes, P0(int *x) { ... } and so on, to trees (operator, operands)."""

    def __init__(self, text, macros):
        self.stream, self.macros = [*TOKEN.findall(text), ""], macros
        self.expanding, self.calls = "", []

    def take(self, *wanted):
        return self.stream.pop(0) if not wanted or self.stream[0] in wanted else ""

    def need(self, wanted):
        if not self.take(wanted):
            raise ValueError(f"{wanted} expected, not: {' '.join(self.stream[:9])}")

    def process(self):
        """A process, its parameters left out: each is the global of that name."""
        self.calls = []
        while self.take() != ")":
            pass
        return self.statement(), self.calls

    def statement(self):
        if self.take("{"):
            body = []
            while not self.take("}"):
                body.append(self.statement())
            return "block", *body
        if self.take("if"):
            self.need("(")
            condition = self.expression()
            self.need(")")
            return "if", condition, self.statement(), self.statement() if self.take("else") else ("block",)
        if self.take(*TYPES):
            while self.take("*"):
                pass
        value = self.expression()
        if self.take("="):
            value = ("=", value, self.expression())
        self.need(";")
        return value

    def expression(self):
        value = self.unary()
        while operator := self.take("==", "!="):
            value = (operator, value, self.unary())
        return value

    def unary(self):
        token = self.take()
        if token == "*":
            return token, self.unary()
        if token.startswith("__"):
            return self.primitive(token)
        if token in self.macros:
            return self.macro(token)
        if not re.fullmatch(r"\w+", token):
            raise ValueError(f"{token}?")
        return ("number", int(token)) if token.isdigit() else ("name", token)

    def arguments(self):
        """The tokens of each argument of a call, if there are any."""
        found, depth = [[]], 0
        if not self.take("("):
            return []
        while depth or self.stream[0] != ")":
            token = self.take()
            depth += (token == "(") - (token == ")")
            if token == "," and not depth:
                found.append([])
            else:
                found[-1].append(token)
        self.need(")")
        return found

    def macro(self, name):
        outer, self.expanding = self.expanding, self.expanding or name
        parameters, body = self.macros[name]
        given = dict(zip(parameters, self.arguments()))
        self.stream[:0] = [token for part in body for token in given.get(part, [part])]
        value = self.statement() if self.stream[0] == "{" else self.expression()
        self.expanding = outer
        return value

    def primitive(self, token):
        name, tag = re.fullmatch(r"__(\w+?)(?:\{([\w-]+)\})?", token).groups()
        if not hasattr(Trace, f"do_{name}") or "srcu" in token:
            raise ValueError(f"{self.expanding}() is not known here")
        arguments, after = [], None
        for given in self.arguments():
            after, self.stream = self.stream, [*given, ""]
            arguments.append(self.expression())
            self.stream = after
        self.calls.append(Call(name, tag, arguments, self.expanding, len(self.calls)))
        return "call", self.calls[-1]


class Value(NamedTuple):
    """A value, and the loads that it was made from."""
    value: object
    loads: frozenset = frozenset()


class Event(NamedTuple):
    """An access or a fence; kind is R, W or F."""
    process: int
    kind: str
    tags: tuple
    location: str = None
    value: object = None


class NeedValue(Exception):
    """A load from a location, beyond those whose values were chosen."""


class Trace:
    """What process @number does if its loads return the values @chosen, in turn.

    @weak is the site of a call whose order is taken out, if any: a fence is not
    there; an access is merely once; an exchange that was no more is not atomic.
    If it is "lock", locks are not taken.
    """

    def __init__(self, number, body, chosen, weak):
        self.number, self.chosen, self.weak = number, list(chosen), weak
        self.events, self.registers, self.control = [], {}, frozenset()
        self.relations = {"addr": set(), "data": set(), "ctrl": set(), "rmw": set()}
        self.run(body)

    def final(self, name):
        """What a register holds in the end, as "exists" has it."""
        return str(self.registers.get(name, Value(0)).value)

    def run(self, statement):
        kind, *parts = statement
        if kind == "block":
            for part in parts:
                self.run(part)
        elif kind == "if":
            condition = self.value(parts[0])
            before, self.control = self.control, self.control | condition.loads
            self.run(parts[1] if condition.value else parts[2])
            self.control = before
        elif kind == "=" and parts[0][0] == "name":
            self.registers[parts[0][1]] = self.value(parts[1])
        elif kind == "=":
            self.add("W", ("Plain",), self.value(parts[0][1]), self.value(parts[1]))
        elif kind != "name":    # else a declaration
            self.value(statement)

    def value(self, tree):
        kind, *parts = tree
        if kind == "number":
            return Value(parts[0])
        if kind == "name":
            return self.registers.get(parts[0], Value(parts[0]))
        if kind == "*":
            return self.load(("Plain",), self.value(parts[0]))
        if kind == "call":
            return getattr(self, f"do_{parts[0].name}")(parts[0])
        one, other = (self.value(part) for part in parts)
        return Value(int((one.value == other.value) == (kind == "==")), one.loads | other.loads)

    def add(self, kind, tags, address=Value(None), value=Value(None)):
        event = len(self.events)
        self.events.append(Event(self.number, kind, tags, address.value, value.value))
        for name, loads in ("addr", address.loads), ("data", value.loads), ("ctrl", self.control):
            self.relations[name] |= {(load, event) for load in loads}
        return event

    def choose(self, address):
        if not self.chosen:
            raise NeedValue(address.value)
        return self.chosen.pop(0)

    def load(self, tags, address):
        value = self.choose(address)
        return Value(value, frozenset({self.add("R", tags, address, Value(value))}))

    def exchange(self, call, new, expected=None):
        """Of what is there, or only of what is @expected."""
        address = self.value(call.arguments[0])
        old = self.choose(address)
        done = not expected or expected.value == old
        weak = self.weak == call.site
        tag = "once" if weak or not done else call.tag
        rmw = () if weak and call.tag == "once" else ("RMW",)
        if tag == "mb":
            self.add("F", ("Mb",))
        load = self.add("R", ("Acquire" if tag == "acquire" else "Once", *rmw), address, Value(old))
        if done:
            store = self.add("W", ("Release" if tag == "release" else "Once", *rmw), address, new)
            self.relations["rmw"] |= {(load, store)} if rmw else set()
        if tag == "mb":
            self.add("F", ("Mb",))
        return Value(old, frozenset({load}))

    # The primitives

    def tags(self, call):
        return ("Once" if self.weak == call.site else call.tag.capitalize(),)

    def do_load(self, call):
        return self.load(self.tags(call), self.value(call.arguments[0][1]))

    def do_store(self, call):
        self.add("W", self.tags(call), self.value(call.arguments[0][1]), self.value(call.arguments[1]))

    def do_fence(self, call):
        if self.weak != call.site:
            self.add("F", (call.tag.capitalize(),))

    def do_xchg(self, call):
        return self.exchange(call, self.value(call.arguments[1]))

    def do_cmpxchg(self, call):
        return self.exchange(call, self.value(call.arguments[2]), self.value(call.arguments[1]))

    # A lock is 0 if it is free. Those that wait forever are no executions.

    def do_lock(self, call):
        if self.weak != "lock":
            address = self.value(call.arguments[0])
            load = self.add("R", ("LKR", "Acquire"), address, Value(0))
            self.relations["rmw"].add((load, self.add("W", ("LKW",), address, Value(1))))

    def do_unlock(self, call):
        if self.weak != "lock":
            self.add("W", ("UL", "Release"), self.value(call.arguments[0]), Value(0))
