"""The kinds of places that an attach statement can name, and what each wants to know."""
from typing import Dict, Tuple

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
