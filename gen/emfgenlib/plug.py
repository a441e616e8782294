"""The source of a program as it is compiled for its place in a chain.

One that goes on to the next program by itself is taken as it is. One that only returns a
verdict becomes a function, and a program around it goes on where that verdict says so:
libbpf refuses a call into a program, so its definition is written anew.
"""
import re
from typing import Optional, Tuple

# SEC("xdp") int count(struct xdp_md *ctx): what stands before the name, and the name.
_DEFINITION = r'SEC\(\s*"(?P<section>[^"]*)"\s*\)(?P<type>[\w\s]*?)\b(?P<name>{})(?P<rest>\s*\()'


def as_it_is(source: str) -> str:
    return f'#include "../{source}"\n'


def wrapped(source: str, text: str, module: str, program: str, chain: str, context: str) -> Optional[str]:
    """None if the definition is not written in a way that can be found."""
    found = _find(text, program)
    if not found:
        return None
    section, changed = found
    return f"""#line 1 "{source}"
{changed}
#line 1 "{program} in chain {chain}"
#include "{module}_emf.h"

SEC("{section}")
int {program}({context} *ctx)
{{
	int verdict = {program}_plugged(ctx);

	return verdict == {chain.upper()}_PROCEED ? {chain}_next(ctx) : verdict;
}}
"""


def _find(text: str, program: str) -> Optional[Tuple[str, str]]:
    matches = list(re.finditer(_DEFINITION.format(re.escape(program)), text))
    if len(matches) != 1:
        return None
    m = matches[0]
    changed = f"static __always_inline{m['type']}{program}_plugged{m['rest']}"
    return m["section"], text[:m.start()] + changed + text[m.end():]
