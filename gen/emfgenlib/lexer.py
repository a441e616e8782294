# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Characters to tokens, each with its position."""
import re
from dataclasses import dataclass
from typing import List

from .errors import Errors, Position
from .files import read_regular

MAX_BYTES = 1 << 20  # no description that a person wrote comes near 1 MiB

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n]+)
  | (?P<doc>///[^\n]*)
  | (?P<comment>//[^\n]*)
  | (?P<version>[0-9]+\.[0-9]+(?:\.[0-9]+)?)
  | (?P<duration>[0-9]+(?:ns|us|ms|s|m|h)\b)
  | (?P<number>0x[0-9A-Fa-f]+|[0-9]+)
  | (?P<name>[A-Za-z_](?:[A-Za-z0-9_]|-(?!>))*)  # with a dash: of products only
  | (?P<string>"(?:[^"\\\n]|\\["\\n])*")
  | (?P<char>'[^'\\\n]')
  | (?P<sign>->|>=|<=|\.\.|[{}()\[\];:,.=<>@-]|/(?!\*))
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    kind: str  # "doc", "version", "duration", "number", "name", "string", "char", "sign", "comment" or "end"
    text: str
    position: Position

    def __str__(self) -> str:
        return "the end of the file" if self.kind == "end" else f"'{self.text}'"


def unquoted(text: str) -> str:
    """What a string token stands for."""
    return re.sub(r"\\(.)", lambda m: "\n" if m.group(1) == "n" else m.group(1), text[1:-1])


def read(path: str, errors: Errors) -> str:
    """The text of a file; empty, with an error added, when it is no text."""
    try:
        data = read_regular(path, MAX_BYTES + 1)
    except OSError as e:
        errors.add(Position(path), f"cannot be read: {e.strerror}")
        return ""
    return decoded(path, data, errors)


def decoded(path: str, data: bytes, errors: Errors) -> str:
    """The same of what was read already, one byte more than is allowed at most."""
    if len(data) > MAX_BYTES:
        errors.add(Position(path), f"is larger than {MAX_BYTES} bytes", "split it")
        return ""
    for mark, name in ((b"\xef\xbb\xbf", "UTF-8"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16")):
        if data.startswith(mark):
            errors.add(Position(path), f"begins with a byte order mark of {name}", "save it as UTF-8 without one")
            return ""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as e:
        errors.add(_byte(path, data, e.start), f"the byte 0x{data[e.start]:02x} is no UTF-8", "save the file as UTF-8")
        return ""
    if "\0" in text:
        errors.add(_byte(path, data, data.index(0)), "there is a NUL byte here")
        return ""
    return text


def _byte(path: str, data: bytes, at: int) -> Position:
    """The place of a byte; what stands before it is UTF-8."""
    start = data.rfind(b"\n", 0, at) + 1
    line = data[start:].split(b"\n", 1)[0].decode("utf-8", "replace")
    return Position(path, data.count(b"\n", 0, at) + 1, len(data[start:at].decode("utf-8")) + 1, line)


def tokens(path: str, text: str, errors: Errors, comments: bool = False) -> List[Token]:
    """All tokens and an end token; characters that fit nowhere are reported.

    The parser has no use for @comments; who writes a file anew must keep them.
    """
    lines = text.split("\n")
    out: List[Token] = []
    line, start, at = 1, 0, 0

    def position(offset: int) -> Position:
        return Position(path, line, offset - start + 1, lines[line - 1])

    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            char = text[at]
            shown = char if char.isprintable() else f"\\x{ord(char):02x}"
            if char == '"':
                errors.add(position(at), "this string does not end on its line", 'close it with "')
                end = text.find("\n", at)
                at = end if end >= 0 else len(text)
            elif text.startswith("/*", at):
                errors.add(position(at), "'/*' has no meaning here", "comments begin with //")
                end = text.find("*/", at + 2)
                skipped = text[at : end + 2 if end >= 0 else len(text)]
                if "\n" in skipped:
                    line += skipped.count("\n")
                    start = at + skipped.rindex("\n") + 1
                at += len(skipped)
            else:
                errors.add(position(at), f"'{shown}' has no meaning here")
                at += 1
            continue
        kind = match.lastgroup or ""
        if kind != "space" and (comments or kind != "comment"):
            out.append(Token(kind, match.group(), position(at)))
        newlines = match.group().count("\n")
        if newlines:
            line += newlines
            start = at + match.group().rindex("\n") + 1
        at = match.end()
    out.append(Token("end", "", position(at)))
    return out
