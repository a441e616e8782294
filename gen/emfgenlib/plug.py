# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The source of a module as it is compiled when programs of it are plugged into chains.

Each such program becomes a function, and a program around it says where it begins, and
goes on with the next one if it has not done so itself. libbpf refuses a call into a
program, so its definition is written anew. What is compiled is one object: its variables
lie where those of the module lie, since they are the same.
"""
import re
from dataclasses import dataclass
from typing import Dict, List, Optional, Set

from .chain_hooks import HOOKS
from .chains import RunPlug
from .errors import Errors

# SEC("xdp") int count(struct xdp_md *ctx), SEC("tp_btf/x") int BPF_PROG(count, ...): what stands before the name, and behind it.
_DEFINITION = r'SEC\(\s*"(?P<section>[^"]*)"\s*\)(?P<type>[\w\s]*?(?:\bBPF_K?PROG\s*\(\s*|\bBPF_KPROBE\s*\(\s*|\b)){}(?P<rest>\s*[(,)])'
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"", re.S)
_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass
class Plugged:
    """A program, and the chain that it is in."""

    plug: RunPlug
    type: str  # of the chain


def plugged_source(source: str, text: str, module: str, plugs: List[Plugged], errors: Errors) -> str:
    """The text with all programs of @plugs in their chains."""
    around: List[str] = []
    sections: Dict[str, str] = {}
    bodies = _bodies(text)
    for each in plugs:
        plug = each.plug
        if plug.program not in sections:
            section = _rename(text, plug.program)
            if section is None:
                errors.add(plug.position, f"the definition of program '{plug.program}' is not found in {source}",
                           f'write it as SEC("...") int {plug.program}(...)')
                continue
            sections[plug.program], text = section
        plug.takes_frags = sections[plug.program].startswith("xdp.frags")
        goes_on = _reaches(bodies, plug.program, {f"{plug.chain}_next", f"{plug.chain}_call"})
        around.append(_around(plug, sections[plug.program], HOOKS[each.type].context, goes_on))
    return f'#line 1 "{source}"\n{text}\n#line 1 "what {module} plugs into chains"\n#include "{module}_emf.h"\n' + "".join(around)


def _rename(text: str, program: str) -> Optional[tuple]:
    matches = list(re.finditer(_DEFINITION.format(re.escape(program)), text))
    if len(matches) != 1:
        return None
    m = matches[0]
    changed = f"static __always_inline{m['type']}{program}_plugged{m['rest']}"
    return m["section"], text[:m.start()] + changed + text[m.end():]


def _around(plug: RunPlug, section: str, context: str, goes_on: bool) -> str:
    """Verdicts of one that @goes_on by itself are final. Whether it takes fragments depends on all programs of the chain."""
    c = plug.chain
    verdict = "verdict" if goes_on else f"verdict == {c.upper()}_PROCEED ? {c}_next(ctx) : verdict"
    return f"""
SEC("{section.replace(".frags", "")}")
int {plug.around}({context} *ctx)
{{
	int verdict;

	ctx = {c}_begin(ctx);
	verdict = {plug.program}_plugged(ctx);
	return {verdict};
}}
"""


def _bodies(text: str) -> Dict[str, Set[str]]:
    """The words in each function, by its name; of a macro such as BPF_PROG, by its first argument."""
    text = _COMMENT.sub(" ", text)
    out: Dict[str, Set[str]] = {}
    depth, begin, head = 0, 0, ""
    for at, sign in enumerate(text):
        if sign == "{":
            depth += 1
            if depth == 1:
                head, begin = text[begin:at], at
        elif sign == "}" and depth:
            depth -= 1
            if not depth:
                words = set(_WORD.findall(text[begin:at]))
                for name in re.findall(r"(\w+)\s*(?=\()|(?<=\()\s*(\w+)", head.split(";")[-1]):
                    out.setdefault(name[0] or name[1], set()).update(words)
                begin = at + 1
    return out


def _reaches(bodies: Dict[str, Set[str]], name: str, wanted: Set[str]) -> bool:
    """Whether a function names one of these, or a function that does."""
    seen: Set[str] = set()
    waiting = [name]
    while waiting:
        words = bodies.get(waiting.pop(), set())
        if words & wanted:
            return True
        more = (words & bodies.keys()) - seen
        seen |= more
        waiting += more
    return False
