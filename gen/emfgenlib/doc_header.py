# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""emfgen headers: a page of section 3 for each function, struct and macro that a public header explains."""
import argparse
import os
import re
import sys
from dataclasses import dataclass, field
from typing import Any, Dict, List, Tuple

from . import VERSION
from .doc_man import ToolMan
from .errors import Errors
from .files import read_regular
from .render import write

_BLOCK = re.compile(r"^/\*\*\n((?: \*.*\n)+?) \*/\n", re.MULTILINE)
_FIRST = re.compile(r"(?:(struct|enum|union|typedef) )?(\w+)(?:\(\))? - (.*)", re.DOTALL)
_INCLUDE = "#include"
_SECTIONS = ("Context", "Return", "Since")


@dataclass
class Entry:
    header: str  # emf/loop.h
    name: str
    kind: str  # "struct", or "" of what is called
    summary: str
    declaration: str
    arguments: List[Tuple[str, str]] = field(default_factory=list)
    paragraphs: List[str] = field(default_factory=list)
    sections: Dict[str, str] = field(default_factory=dict)


def register(commands: Any) -> None:
    parser = commands.add_parser("headers", help="write manual pages of what headers explain")
    parser.add_argument("files", nargs="+", help="headers, below a folder include/")
    parser.add_argument("--out", default="obj/man3", help="the folder of the pages")
    parser.set_defaults(run=_run)


def entries(header: str, text: str) -> List[Entry]:
    out = []
    for found in _BLOCK.finditer(text):
        lines = [line[3:] if line.startswith(" * ") else "" for line in found.group(1).splitlines()]
        first = _FIRST.match(" ".join(_until_blank(lines)))
        if not first:
            raise ValueError(f"{header}: a comment begins with '{lines[0]}', and should with 'name() - what it does'")
        entry = Entry(header, first.group(2), first.group(1) or "", first.group(3), _declaration(text[found.end():], first.group(1)))
        _read(entry, lines[len(_until_blank(lines)):])
        out.append(entry)
    return out


def _until_blank(lines: List[str]) -> List[str]:
    """The first sentence, up to what has a paragraph of its own."""
    for i, line in enumerate(lines):
        if not line or line.startswith("@"):
            return lines[:i]
    return lines


def _declaration(rest: str, kind: str) -> str:
    if rest.startswith("#define"):
        return re.match(r"#define (\w+(?:\([^)]*\))?)", rest).group(1)
    kind = "" if kind == "typedef" else kind
    end = re.search(r"^\}.*;\n", rest, re.MULTILINE) if kind else re.search(r"[;{]", rest)
    text = rest[:end.end() if kind else end.start()].strip() + ("" if kind else ";")
    return re.sub(r"^(EMF_API|static inline) ", "", text)


def _read(entry: Entry, lines: List[str]) -> None:
    kind, at = "", -1
    for line in [*lines, ""]:
        argument, section = re.match(r"@([\w.]+|\.\.\.): *(.*)", line), re.match(rf"({'|'.join(_SECTIONS)}): *(.*)", line)
        if argument:
            entry.arguments.append((argument.group(1), argument.group(2)))
            kind = "@"
        elif section:
            kind = section.group(1)
            entry.sections[kind] = section.group(2)
        elif not line:
            kind, at = ("", -1) if kind in ("", "@") else (kind, at)
        elif kind == "@":
            name, text = entry.arguments[-1]
            entry.arguments[-1] = (name, f"{text} {line.strip()}")
        elif kind:
            entry.sections[kind] += " " + line.strip()
        elif at < 0:
            entry.paragraphs.append(line.strip())
            at = len(entry.paragraphs) - 1
        else:
            entry.paragraphs[at] += " " + line.strip()


class HeaderMan(ToolMan):
    def __init__(self, entry: Entry, others: List[str]):
        super().__init__(entry.name, f"EMF {VERSION}")
        self.lines[0] = f'.TH "{self.escaped(entry.name.upper())}" 3 {self.DATE} "EMF {VERSION}" "EMF Programmer\\(aqs Manual"'
        self.lines += [".SH NAME", f"{self.escaped(entry.name)} \\- {self.escaped(entry.summary)}", ".SH SYNOPSIS", ".nf",
                       f".B {_INCLUDE} <{self.escaped(entry.header)}>", ""]
        self.lines += [self._code(line.expandtabs(4)) for line in entry.declaration.splitlines()]
        self.lines.append(".fi")
        if entry.arguments:
            self.lines.append(".SH MEMBERS" if entry.kind in ("struct", "union", "enum") else ".SH ARGUMENTS")
            for name, text in entry.arguments:
                self.lines += [".TP", f"\\fI{self.escaped(name)}\\fR", self._text(text)]
        if entry.paragraphs:
            self.lines.append(".SH DESCRIPTION")
            for i, text in enumerate(entry.paragraphs):
                self.lines += ([".PP"] if i else []) + [self._text(text)]
        for section, title in zip(_SECTIONS, ("CONTEXT", "RETURN VALUE", "SINCE")):
            if entry.sections.get(section):
                self.lines += [f'.SH "{title}"', self._text(entry.sections[section])]
        if others:
            self.lines += ['.SH "SEE ALSO"', *(f".BR {self.escaped(name)} (3){',' if name != others[-1] else ''}" for name in others)]

    def _code(self, line: str) -> str:
        """Blanks in front are what a reader sees of the structure."""
        indent = len(line) - len(line.lstrip())
        return " " * indent + self.escaped(line)

    def _text(self, text: str) -> str:
        escaped = self.escaped(text) or "\\&"
        return "\\&" + escaped if escaped[0] in ".'" else escaped


def _run(args: argparse.Namespace, errors: Errors) -> int:
    pages: Dict[str, Tuple[Entry, List[str]]] = {}
    for path in args.files:
        header = path.partition("include/")[2] or os.path.basename(path)
        try:
            found = entries(header, read_regular(path).decode())
        except ValueError as e:
            print(f"emfgen: error: {e}", file=sys.stderr)
            return 1
        for entry in found:
            is_plain = entry.name not in pages and (not entry.kind or entry.name.startswith(("emf_", "ebus_")))
            name = entry.name if is_plain else f"{entry.kind or 'macro'}_{entry.name}"
            pages[name] = (entry, [other.name for other in found if other is not entry])
    os.makedirs(args.out, exist_ok=True)
    for name in os.listdir(args.out):
        if name.endswith(".3") and name[:-2] not in pages:
            os.unlink(os.path.join(args.out, name))
    for name, (entry, others) in pages.items():
        write(os.path.join(args.out, f"{name}.3"), "\n".join(HeaderMan(entry, others).lines) + "\n")
    return 0
