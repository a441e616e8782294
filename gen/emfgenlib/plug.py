"""The source of a program as it is compiled for its place in a chain.

It becomes a function, and a program around it says where it begins, and goes on with the
next one if it has not done so itself. libbpf refuses a call into a program, so its
definition is written anew.
"""
import re
from typing import Optional, Tuple

# SEC("xdp") int count(struct xdp_md *ctx): what stands before the name, and the name.
_DEFINITION = r'SEC\(\s*"(?P<section>[^"]*)"\s*\)(?P<type>[\w\s]*?)\b(?P<name>{})(?P<rest>\s*\()'


def wrapped(source: str, text: str, module: str, program: str, chain: str, context: str, goes_on: bool) -> Optional[str]:
    """None if the definition is not written in a way that can be found. One that @goes_on
    by itself returns verdicts that are final."""
    found = _find(text, program)
    if not found:
        return None
    section, changed = found
    verdict = "verdict" if goes_on else f"verdict == {chain.upper()}_PROCEED ? {chain}_next(ctx) : verdict"
    return f"""#line 1 "{source}"
{changed}
#line 1 "{program} in chain {chain}"
#include "{module}_emf.h"

SEC("{section}")
int {program}({context} *ctx)
{{
	int verdict;

	{chain}_begin();
	verdict = {program}_plugged(ctx);
	return {verdict};
}}
"""


def _find(text: str, program: str) -> Optional[Tuple[str, str]]:
    matches = list(re.finditer(_DEFINITION.format(re.escape(program)), text))
    if len(matches) != 1:
        return None
    m = matches[0]
    changed = f"static __always_inline{m['type']}{program}_plugged{m['rest']}"
    return m["section"], text[:m.start()] + changed + text[m.end():]
