# SPDX-License-Identifier: GPL-2.0-only
r"""Memory models: the part of the language cat in which the kernel's is written.

An expression of cat becomes one of Python, with operators that bind alike:

	cat:     a | b   a ; b   a \ b   a & b    a * b   a*      a+      a?       a^-1
	Python:  a | b   a ^ b   a & b   a << b   a + b   a.star  a.plus  a.maybe  a.inverse

What is flagged, data races for one, is not looked at. What a file includes is not
read: who asks gives rf and co, and locks as reads and writes.
"""
import re

COMMENT = r"\(\*.*?\*\)|//[^\n]*"
LEFT_OUT = (r'"[^"]*"|\binclude\b|\binstructions\s+\w+\[.*?\]'
            r"|\benum\s+\w+\s*=(\s*'[\w-]+\s*(\|\|)?)+|\bflag\b.*?\bas\s+[\w-]+")
STATEMENT = r"(?<![\w-])(let rec|let|and|in|acyclic|irreflexive|empty)(?![\w-])"
# A * before an operand is a product.
TOKEN = re.compile(r"\^-1|(?P<product>\*)(?=\s*[\w(\[~])|~\s*(?P<complement>[\w-]+)|[\w-]+|\S")
PYTHON = {";": "^", "\\": "&", "&": "<<", "*": ".star", "+": ".plus", "?": ".maybe", "^-1": ".inverse",
          "[": "identity(", "]": ")"}


class Relation(frozenset):
    """Of pairs of events; or a set of events."""
    events = ()     # all of the execution that is looked at

    def __or__(self, other):
        return Relation(frozenset.__or__(self, other))

    def __and__(self, other):
        return Relation(frozenset.__sub__(self, other))

    def __lshift__(self, other):
        return Relation(frozenset.__and__(self, other))

    def __add__(self, other):
        return Relation((a, b) for a in self for b in other)

    def __xor__(self, other):
        after = {}
        for a, b in other:
            after.setdefault(a, []).append(b)
        return Relation((a, c) for a, b in self for c in after.get(b, ()))

    @property
    def plus(self):
        more = self | (self ^ self)
        return self if more == self else more.plus

    @property
    def maybe(self):
        return self | identity(self.events)

    @property
    def star(self):
        return self.plus.maybe

    @property
    def inverse(self):
        return Relation((b, a) for a, b in self)


def identity(events):
    return Relation((event, event) for event in events)


FUNCTIONS = {
    "identity": identity,
    "complement": lambda events: Relation(Relation.events) & events,
    "domain": lambda relation: Relation(a for a, _ in relation),
    "range": lambda relation: Relation(b for _, b in relation),
}
CHECKS = {
    "acyclic": lambda relation: all(a != b for a, b in relation.plus),
    "irreflexive": lambda relation: all(a != b for a, b in relation),
    "empty": lambda relation: not relation,
}


def python_name(name):
    return name.replace("-", "_")


def to_python(expression):
    """An expression of cat, compiled."""
    def translate(match):
        if match["product"]:
            return "+"
        if match["complement"]:
            return f"complement({python_name(match['complement'])})"
        return PYTHON.get(match[0], python_name(match[0]))

    return compile(" ".join(TOKEN.sub(translate, expression).split()), expression, "eval")


class Model:
    """One or several files, as one: pairs of a keyword and what belongs to it."""

    def __init__(self, *texts):
        text = re.sub(COMMENT, " ", "\n".join(texts), flags=re.S)
        self.tags = {python_name(tag.capitalize()) for tag in re.findall(r"'([\w-]+)", text)}
        before, *parts = re.split(STATEMENT, re.sub(LEFT_OUT, " ", text, flags=re.S))
        if before.strip():
            raise ValueError(f"cat: {before}")
        self.statements, outer = [], None
        for keyword, part in zip(parts[::2], parts[1::2]):
            if keyword in CHECKS:
                self.statements.append((keyword, to_python(part.rpartition(" as ")[0])))
                continue
            if keyword == "in":     # the end of: let OUTER = let rec ... in
                keyword, part = "let", f"{outer} = {part}"
            name, parameter, body = re.fullmatch(r"\s*([\w-]+)(?:\((\w+)\))?\s*=(.*)", part, flags=re.S).groups()
            if not body.strip():
                outer = name
            elif keyword == "and":
                self.statements[-1][1].append((python_name(name), parameter, to_python(body)))
            else:
                self.statements.append((keyword, [(python_name(name), parameter, to_python(body))]))

    def allows(self, events, base):
        """May an execution have these @events, and @base, what cat begins with?"""
        Relation.events = events
        env = {**FUNCTIONS, **dict.fromkeys(self.tags, Relation()), "_": Relation(events)}
        env |= {python_name(name): Relation(value) for name, value in base.items()}
        env["fencerel"] = lambda fences: (env["po"] << (env["_"] + fences)) ^ env["po"]
        for keyword, what in self.statements:
            if keyword == "let":
                for name, parameter, body in what:
                    env[name] = function(parameter, body, dict(env)) if parameter else eval(body, env)
            elif keyword == "let rec":
                least_fixed_point(what, env)
            elif not CHECKS[keyword](eval(what, env)):
                return False
        return True


def function(parameter, body, env):
    return lambda argument: eval(body, {**env, parameter: argument})


def least_fixed_point(bindings, env):
    env |= {name: Relation() for name, _, _ in bindings}
    before = None
    while before != [env[name] for name, _, _ in bindings]:
        before = [env[name] for name, _, _ in bindings]
        for name, _, body in bindings:
            env[name] = eval(body, env)
