# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What somebody may have meant."""
from typing import Iterable

MOST = 1000  # names that are compared; with more of them, a guess takes longer than it is worth


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint: the one name that is like this one, or nothing."""
    import difflib  # only when something is wrong: it takes a while to import

    found = difflib.get_close_matches(name, sorted(known)[:MOST], 1)
    return f"did you mean '{found[0]}'?" if found else ""


def near(name: str, known: Iterable[str], there: str = "there are", nothing: str = "") -> str:
    """A hint: the nearest name, or all of them, or that there is none."""
    names = sorted(known)
    return nearest(name, names) or (f"{there}: " + ", ".join(names) if names else nothing)
