# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The kinds of hooks that a chain can be on, as the kernel has them."""
from typing import Dict, NamedTuple, Tuple


class Hook(NamedTuple):
    """A kind of chain, as the kernel has it."""

    type: str  # enum emf_chain_type, include/emf/chain.h
    context: str  # what its programs are given
    section: str  # of its entry, with what the attach statement says
    verdicts: Dict[str, int]
    places: Tuple[str, ...]  # what the attach statement says; what is in <> may be a parameter
    has_root: bool = False  # its link cannot be updated: a root program stays, and calls the entry
    # The kernel only keeps a run from moving to another processor, so that another task can run
    # meanwhile, and run the chain, too. Elsewhere only interrupts come between.
    preempted: bool = False
    mask: int = 0  # of verdicts, where the kernel only takes some
    has_modes: bool = False  # of a driver, and a generic one


DIRECTION = "ingress or egress"
EVENT = "event"
FREQUENCY = "times a second"
# Perf events that every kernel has; core/chain_hook_root.c
EVENTS = ("cpu-clock", "task-clock", "page-faults", "context-switches", "cpu-migrations", "minor-faults", "major-faults")
MAX_FREQUENCY = 10000
# Of what is only watched: whatever a program returns, nobody sees it.
_NONE = {"OK": 0}

HOOKS: Dict[str, Hook] = {
    "xdp": Hook("EMF_CHAIN_XDP", "struct xdp_md", "xdp",  # enum xdp_action, include/uapi/linux/bpf.h
                {"XDP_ABORTED": 0, "XDP_DROP": 1, "XDP_PASS": 2, "XDP_TX": 3, "XDP_REDIRECT": 4}, ("<interface>",), has_modes=True),
    "tc": Hook("EMF_CHAIN_TC", "struct __sk_buff", "tc",  # include/uapi/linux/pkt_cls.h
               {"TC_ACT_UNSPEC": -1, "TC_ACT_OK": 0, "TC_ACT_RECLASSIFY": 1, "TC_ACT_SHOT": 2, "TC_ACT_PIPE": 3, "TC_ACT_STOLEN": 4,
                "TC_ACT_REDIRECT": 7}, ("<interface>", DIRECTION)),
    "cgroup_skb": Hook("EMF_CHAIN_CGROUP_SKB", "struct __sk_buff", "cgroup_skb/{0}",  # enum sk_action, include/uapi/linux/bpf.h
                       {"SK_DROP": 0, "SK_PASS": 1}, ("<path>", DIRECTION), preempted=True, mask=1),
    # The same verdicts. A path such as /proc/self/ns/net.
    "sk_lookup": Hook("EMF_CHAIN_SK_LOOKUP", "struct bpf_sk_lookup", "sk_lookup", {"SK_DROP": 0, "SK_PASS": 1}, ("<namespace>",),
                      preempted=True, mask=1),
    # How many bytes go to the socket, which nobody reads.
    "socket_filter": Hook("EMF_CHAIN_SOCKET_FILTER", "struct __sk_buff", "socket", {"DROP": 0, "KEEP": -1}, ("<interface>",),
                          preempted=True),
    "raw_tp": Hook("EMF_CHAIN_SECTION", "void", "raw_tp/{0}", _NONE, ("name",), has_root=True),
    "tp_btf": Hook("EMF_CHAIN_SECTION", "unsigned long long", "tp_btf/{0}", _NONE, ("name",), has_root=True),
    "tracepoint": Hook("EMF_CHAIN_SECTION", "void", "tracepoint/{0}/{1}", _NONE, ("category", "name"), has_root=True),
    "kprobe": Hook("EMF_CHAIN_SECTION", "struct pt_regs", "kprobe/{0}", _NONE, ("function",), has_root=True),
    "uprobe": Hook("EMF_CHAIN_UPROBE", "struct pt_regs", "uprobe", _NONE, ("<path>", "function"), has_root=True, preempted=True),
    "perf_event": Hook("EMF_CHAIN_PERF_EVENT", "struct bpf_perf_event_data", "perf_event", _NONE, (EVENT, FREQUENCY), has_root=True),
}
