"""What somebody may have meant."""
from typing import Iterable


def near(name: str, known: Iterable[str], there: str = "there are", nothing: str = "") -> str:
    """A hint: the nearest name, or all of them, or that there is none."""
    import difflib  # only when something is wrong

    names = sorted(known)
    found = difflib.get_close_matches(name, names, 1)
    if found:
        return f"did you mean '{found[0]}'?"
    return f"{there}: " + ", ".join(names) if names else nothing
