# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""README.zh.md says what README.md says: the same commands, files, options and documents, in the same order.

The figures are in the English one alone, since make bench prints them anew.
"""
import os
import re

import tap

FIGURES = "What it costs"


def read(name):
    with open(os.path.join(tap.SOURCE, name), encoding="utf-8") as f:
        return f.read()


def sections(name):
    """The texts between headings, of which the first has none."""
    return re.split(r"^#+ (.*)\n", read(name), flags=re.MULTILINE)


def compared():
    """Pairs of sections, in their order; that of the figures left out."""
    english, chinese = sections("README.md"), sections("README.zh.md")
    tap.equal(len(chinese), len(english), "number of headings")
    pairs = zip([english[0], *english[2::2]], [chinese[0], *chinese[2::2]], ["", *english[1::2]])
    return [(name, e, c) for e, c, name in pairs if name != FIGURES]


def blocks(text):
    return re.findall(r"^```.*?^```$", text, re.MULTILINE | re.DOTALL)


def test_both_have_the_same_commands():
    tap.equal(len(blocks(read("README.zh.md"))) > 10, True, "whether there are blocks")
    tap.equal(blocks(read("README.zh.md")), blocks(read("README.md")), "blocks of commands")


def test_each_section_links_to_the_same_documents():
    for name, english, chinese in compared():
        links = [set(re.findall(r"\]\(([^)#]+)", text)) - {"README.md", "README.zh.md"} for text in (english, chinese)]
        tap.equal(links[1], links[0], f"links of '{name}'")


def test_each_table_has_the_same_first_column():
    for name, english, chinese in compared():
        rows = [[word for row in re.findall(r"^\| (`[^|]*(?:\\\|[^|]*)*`) \|", text, re.MULTILINE) for word in re.findall(r"`[^`]*`", row)]
                for text in (english, chinese)]
        tap.equal(rows[1], rows[0], f"rows of '{name}'")


def test_each_section_names_the_same_things():
    """Programs, options, files: what is in the type of code."""
    for name, english, chinese in compared():
        words = [set(re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL).replace("\n", " ")))
                 for text in (english, chinese)]
        tap.equal(sorted(words[1] ^ words[0]), [], f"what only one of them has in '{name}'")


tap.main()
