"""The kinds of hooks that a chain can be on, as the kernel has them."""
from typing import Dict, NamedTuple


class Hook(NamedTuple):
    """A kind of chain, as the kernel has it."""

    type: str  # enum emf_chain_type, include/emf/chain.h
    context: str  # what its programs are given
    section: str  # of its entry
    verdicts: Dict[str, int]


HOOKS: Dict[str, Hook] = {
    "xdp": Hook("EMF_CHAIN_XDP", "struct xdp_md", "xdp",  # enum xdp_action, include/uapi/linux/bpf.h
                {"XDP_ABORTED": 0, "XDP_DROP": 1, "XDP_PASS": 2, "XDP_TX": 3, "XDP_REDIRECT": 4}),
    "tc": Hook("EMF_CHAIN_TC", "struct __sk_buff", "tc",  # include/uapi/linux/pkt_cls.h
               {"TC_ACT_UNSPEC": -1, "TC_ACT_OK": 0, "TC_ACT_RECLASSIFY": 1, "TC_ACT_SHOT": 2, "TC_ACT_PIPE": 3, "TC_ACT_STOLEN": 4,
                "TC_ACT_REDIRECT": 7}),
}
