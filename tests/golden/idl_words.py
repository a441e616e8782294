# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What the language knows, read from the code itself: its words, its limits. Who lists
them elsewhere (the manual, an editor's grammar) is held against this."""
import ast
import glob
import importlib
import os
import sys

import tap

LIBRARY = os.path.join(tap.SOURCE, "gen", "emfgenlib")
sys.path.insert(0, os.path.join(tap.SOURCE, "gen"))

from emfgenlib import types  # noqa: E402 - the path has to be set first
from emfgenlib.parser import DECLARATIONS  # noqa: E402

# Methods of the cursor that take a word of the language, and those that just name it in messages.
TAKES = ("word", "if_word", "is_word")


def _strings(node):
    return [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def _of_grammar(tree):
    """Words that are taken, that are keys of tables of statements, that a word is compared with."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in TAKES:
            yield from (a.value for a in node.args if isinstance(a, ast.Constant))
        elif isinstance(node, ast.Dict):
            yield from (k.value for k in node.keys if isinstance(k, ast.Constant))
        elif isinstance(node, ast.Compare) and isinstance(node.left, ast.Attribute) and node.left.attr == "text":
            yield from _strings(node)
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "allowed":
            yield from _strings(node.value)


def keywords():
    """Every word that means something to the parser."""
    out = {"import", *DECLARATIONS}
    for path in glob.glob(os.path.join(LIBRARY, "parse_*.py")):
        with open(path, encoding="utf-8") as f:
            out.update(_of_grammar(ast.parse(f.read())))
    return sorted(word for word in out if word.isidentifier() and word not in type_names())


def type_names():
    return [*types.BUILT_IN, types.STRING]


def choices():
    """Words that only one place takes: program types, policies, scales, kinds of needs, callbacks."""
    from emfgenlib import chain_hooks, check_chain, check_metric, check_module

    return sorted({*chain_hooks.HOOKS, *check_chain.BACKENDS, *check_module.OVERFLOWS, *check_metric.SCALES, *check_module.NEEDS,
                   *check_module.CALLBACKS})


def limits():
    """All numbers that are called a maximum, as module.NAME: value."""
    out = {}
    for path in sorted(glob.glob(os.path.join(LIBRARY, "[a-z]*.py"))):
        name = os.path.basename(path)[:-3]
        with open(path, encoding="utf-8") as f:
            own = [t.id for n in ast.parse(f.read()).body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)]
        for constant in own:
            if constant.startswith("MAX_") or constant.endswith("_MAX"):
                out[f"{name}.{constant}"] = getattr(importlib.import_module(f"emfgenlib.{name}"), constant)
    return out
