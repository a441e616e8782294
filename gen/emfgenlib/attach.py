"""The kinds of places that an attach statement can name, and what each wants to know."""
from typing import Dict, Tuple

from . import sections
from .errors import Errors
from .near import nearest
from .syntax import Attach

# enum emf_attach_kind, include/emf/attach.h
PLACES: Dict[str, Tuple[str, ...]] = {
    "cgroup": ("path",),
    "kprobe": ("function",),
    "kretprobe": ("function",),
    "raw_tp": ("name",),
    "tracepoint": ("category", "name"),
    "uprobe": ("path", "function"),
    "uretprobe": ("path", "function"),
    "usdt": ("path", "provider", "name"),
    "xdp": ("interface",),
}


def check_kind(attach: Attach, errors: Errors) -> None:
    """Whether there is such a kind, built already or not."""
    if attach.name not in PLACES and not sections.is_known(attach.name):
        errors.add(attach.position, f"there is no kind '{attach.name}'",
                   nearest(attach.name, [*PLACES, *sections.KINDS]) or "there are: " + ", ".join(PLACES))
