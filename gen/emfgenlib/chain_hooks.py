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


DIRECTION = "ingress or egress"
# Of what is only watched: whatever a program returns, nobody sees it.
_NONE = {"OK": 0}

HOOKS: Dict[str, Hook] = {
    "xdp": Hook("EMF_CHAIN_XDP", "struct xdp_md", "xdp",  # enum xdp_action, include/uapi/linux/bpf.h
                {"XDP_ABORTED": 0, "XDP_DROP": 1, "XDP_PASS": 2, "XDP_TX": 3, "XDP_REDIRECT": 4}, ("<interface>",)),
    "tc": Hook("EMF_CHAIN_TC", "struct __sk_buff", "tc",  # include/uapi/linux/pkt_cls.h
               {"TC_ACT_UNSPEC": -1, "TC_ACT_OK": 0, "TC_ACT_RECLASSIFY": 1, "TC_ACT_SHOT": 2, "TC_ACT_PIPE": 3, "TC_ACT_STOLEN": 4,
                "TC_ACT_REDIRECT": 7}, ("<interface>", DIRECTION)),
    "cgroup_skb": Hook("EMF_CHAIN_CGROUP_SKB", "struct __sk_buff", "cgroup_skb/{0}",  # enum sk_action, include/uapi/linux/bpf.h
                       {"SK_DROP": 0, "SK_PASS": 1}, ("<path>", DIRECTION), preempted=True),
    "raw_tp": Hook("EMF_CHAIN_ROOT", "void", "raw_tp/{0}", _NONE, ("name",), has_root=True),
    "tp_btf": Hook("EMF_CHAIN_ROOT", "unsigned long long", "tp_btf/{0}", _NONE, ("name",), has_root=True),
    "tracepoint": Hook("EMF_CHAIN_ROOT", "void", "tracepoint/{0}/{1}", _NONE, ("category", "name"), has_root=True),
    "kprobe": Hook("EMF_CHAIN_ROOT", "struct pt_regs", "kprobe/{0}", _NONE, ("function",), has_root=True),
}
