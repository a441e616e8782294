# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The grammars for editors know the language as the parser does.

Without these, a word that is added to the language would stay plain in every editor.
"""
import json
import os
import re
import shutil

import tap
from idl_words import choices, keywords, type_names

EDITORS = os.path.join(tap.SOURCE, "packaging", "editors")
VIM = os.path.join(EDITORS, "vim")
VSCODE = os.path.join(EDITORS, "vscode")
GOOD = os.path.join(tap.SOURCE, "tests", "golden", "idl", "good", "everything.emf")


def read(*parts):
    with open(os.path.join(*parts), encoding="utf-8") as f:
        return f.read()


def scopes():
    """Word to scope, of all patterns that are a list of words."""
    out = {}
    for pattern in json.loads(read(VSCODE, "syntaxes", "emf.tmLanguage.json"))["patterns"]:
        words = re.match(r"\\b\(([\w|]+)\)\\b\Z", pattern.get("match", ""))
        for word in words.group(1).split("|") if words else []:
            out[word] = pattern["name"]
    return out


def groups():
    """Word to group, of the Vim syntax file."""
    return {word: group for group, words in re.findall(r"^syntax keyword (\w+) (.*)$", read(VIM, "syntax", "emf.vim"), re.MULTILINE)
            for word in words.split()}


def know(known, types):
    """Each word is known, as a type if it is one and as something else if not."""
    for word in keywords() + choices() + type_names():
        if word not in known:
            raise AssertionError(f"'{word}' is not known")
        tap.equal(known[word] == known["u8"], word in type_names(), f"'{word}' is a type")
    tap.equal({w for w, kind in known.items() if kind == types}, set(type_names()), "types")


def test_vim_knows_every_word_and_type():
    know(groups(), "emfType")


def test_the_textmate_grammar_knows_every_word_and_type():
    know(scopes(), "support.type.emf")


def test_the_extension_names_files_that_are_there():
    package = json.loads(read(VSCODE, "package.json"))
    language, grammar = package["contributes"]["languages"][0], package["contributes"]["grammars"][0]
    tap.equal((language["extensions"], language["id"], grammar["language"]), ([".emf"], "emf", "emf"), "language")
    json.loads(read(VSCODE, language["configuration"]))
    tap.equal(json.loads(read(VSCODE, grammar["path"]))["scopeName"], grammar["scopeName"], "scope")


def test_patterns_of_the_grammar_match_what_they_are_for():
    # Python's expressions agree with the editor's for all that is used here.
    patterns = json.loads(read(VSCODE, "syntaxes", "emf.tmLanguage.json"))["patterns"]
    for text, name in (("/// doc", "comment.line.documentation.emf"), ("// x", "comment.line.double-slash.emf"),
                       ("5ms", "constant.numeric.duration.emf"), ("1.0", "constant.numeric.version.emf"),
                       ("0x1F", "constant.numeric.emf"), ("map_fd", "support.type.emf"), ("->", "keyword.operator.emf")):
        first = next(p.get("name") for p in patterns if re.match(p.get("match", p.get("begin")), text))
        tap.equal(first, name, f"scope of {text}")


def test_vim_loads_the_syntax_and_highlights_words():
    vim = shutil.which("vim")
    if not vim or "+syntax" not in tap.run(vim, "--version").stdout:
        raise tap.Skip("vim with syntax highlighting is not installed")
    said = os.path.join(tap.folder(), "said")
    ask = "synIDattr(synID(search('{}'), col('.'), 1), 'name')"
    places = (("^service", "emfDeclaration"), ("method", "emfStatement"), ("ip4", "emfType"), ("since", "emfClause"),
              ("^\\/\\/\\/", "emfDoc"), ("0x1", "emfNumber"))
    script = ["set nocompatible", f"set runtimepath^={VIM}", "filetype on", "syntax on", f"edit {GOOD}",
              f"call writefile([&filetype, v:errmsg] + [{', '.join(ask.format(p) for p, _ in places)}], '{said}')", "qall!"]
    done = tap.run(vim, "-u", "NONE", "-i", "NONE", "-n", "-N", "-es", *[w for s in script for w in ("-c", s)],
                   env={**os.environ, "TERM": "dumb"})
    if not os.path.exists(said):
        raise AssertionError(f"vim failed: {done.stdout}{done.stderr}")
    tap.equal(read(said).splitlines(), ["emf", "", *[name for _, name in places]], "what vim says")


tap.main()
