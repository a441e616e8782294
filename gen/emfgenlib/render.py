# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Templates to files. A file is written only when its bytes change."""
import os
import sys
import tempfile
from typing import Any, Optional, Union

import jinja2

from . import words
from .chain_hooks import HOOKS
from .files import read_regular

_TEMPLATES = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "templates")


def c_string(text: str) -> str:
    """A C string literal, quotes included."""
    out = []
    for byte in text.encode("utf-8"):
        char = chr(byte)
        if char in '"\\':
            out.append("\\" + char)
        elif 0x20 <= byte < 0x7F:
            out.append(char)
        else:
            out.append(f"\\{byte:03o}")
    return '"' + "".join(out).replace("??", '?""?') + '"'


def _c_comment(text: str) -> str:
    """Text that neither ends a comment nor begins one inside of it."""
    return text.replace("*/", "* /").replace("/*", "/ *")


def _compiled() -> Optional[jinja2.BytecodeCache]:
    """Templates stay compiled where Python's own files do; a third of a run is saved."""
    if not sys.pycache_prefix or sys.dont_write_bytecode:
        return None
    folder = os.path.join(sys.pycache_prefix, "templates")
    os.makedirs(folder, exist_ok=True)
    return jinja2.FileSystemBytecodeCache(folder)


def environment() -> jinja2.Environment:
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        auto_reload=False,
        bytecode_cache=_compiled(),
    )
    env.filters["c_string"] = c_string
    env.filters["c_comment"] = _c_comment
    env.globals["errno"] = words.ERRNO
    env.globals["hooks"] = HOOKS
    return env


def render(env: jinja2.Environment, template: str, **values: Any) -> str:
    return env.get_template(template).render(**values)


def write(path: str, text: Union[str, bytes], touch: bool = False) -> bool:
    """Make the file hold the text. True if it changed. Never leaves half a file."""
    data = text.encode("utf-8") if isinstance(text, str) else text
    try:
        if read_regular(path) == data:
            if touch:
                os.utime(path)
            return False
    except FileNotFoundError:
        pass
    folder = os.path.dirname(path) or "."
    os.makedirs(folder, exist_ok=True)
    fd, temporary = tempfile.mkstemp(prefix=".emfgen-", dir=folder)
    try:
        with os.fdopen(fd, "wb") as f:
            f.write(data)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return True
