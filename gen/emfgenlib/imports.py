# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A file and all that it imports."""
import os
from typing import Dict, List, Sequence

from .errors import Errors
from .implied import imply
from .parser import parse
from .syntax import File, Import

MAX_FILES = 256  # imported by one file, directly or not


class Loader:
    """Parses each file once, however often it is imported."""

    def __init__(self, folders: Sequence[str], errors: Errors):
        self.folders = list(folders)  # where to look besides the importing file's own
        self.errors = errors
        self.files: Dict[str, File] = {}  # by real path, in the order of first use
        self.open: List[str] = []  # being loaded: one of these again is a cycle

    def load(self, path: str) -> File:
        real = os.path.realpath(path)
        if real in self.files:
            return self.files[real]
        file = self.files[real] = parse(path, self.errors)
        self.open.append(real)
        for wanted in file.imports:
            self._import(file, wanted)
        self.open.pop()
        imply(file)
        return file

    def _import(self, file: File, wanted: Import) -> None:
        if ".." in wanted.path.text.split("/") or os.path.isabs(wanted.path.text):
            self.errors.add(wanted.path.position, "an import names a file in one of the folders, not a way out of them",
                            "give the folder with -I")
            return
        found = self._find(file, wanted.path.text)
        if not found:
            self.errors.add(wanted.path.position, f"there is no file '{wanted.path.text}'",
                            "looked in: " + ", ".join(dict.fromkeys(self._places(file))))
            return
        if os.path.realpath(found) in self.open:
            self.errors.add(wanted.path.position, f"'{wanted.path.text}' imports this file, directly or not",
                            "move what both need into a third file")
            return
        if len(self.files) >= MAX_FILES:
            self.errors.add(wanted.path.position, f"more than {MAX_FILES} files are imported")
            return
        file.imported.append(self.load(found))

    def _places(self, file: File) -> List[str]:
        return [os.path.dirname(file.path) or ".", *self.folders]

    def _find(self, file: File, name: str) -> str:
        # An import names a file beside this one or in the shared folders; nothing else is read.
        if not name.endswith(".emf"):
            return ""
        for folder in self._places(file):
            path = os.path.join(folder, name) if folder != "." else name  # as it is named beside this one
            if os.path.isfile(path):
                return path
        return ""
