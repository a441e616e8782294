# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What SEC() says of a program: its type, and what kind of hook it is for."""
import re
from typing import Dict, List, NamedTuple, Optional

from .near import nearest


class Kind(NamedTuple):
    """As chains and attach statements name it."""

    name: str
    type: str  # of the program, as the kernel names it
    sections: List[str]  # one that ends with '+' may go on behind a '/'


def _kinds(text: str) -> Dict[str, Kind]:
    """A line has a kind, its type and its sections; one that is indented goes on with them."""
    out: Dict[str, Kind] = {}
    for line in text.strip().splitlines():
        words = line.split()
        if line[0] == " ":
            kind.sections.extend(words)
        else:
            kind = out[words[0]] = Kind(words[0], words[1], words[2:])
    return out


# section_defs of libbpf 1.1, src/libbpf.c, and after them what later versions added.
KINDS = _kinds("""
socket_filter socket_filter socket
sk_reuseport sk_reuseport sk_reuseport sk_reuseport/migrate
kprobe kprobe kprobe+ kretprobe+ kprobe.multi+ kretprobe.multi+ ksyscall+ kretsyscall+ kprobe.session+
uprobe kprobe uprobe+ uprobe.s+ uretprobe+ uretprobe.s+ usdt+
  uprobe.multi+ uretprobe.multi+ uprobe.multi.s+ uretprobe.multi.s+ usdt.s+
tc sched_cls tc classifier tcx/ingress tcx/egress tc/ingress tc/egress netkit/primary
  netkit/peer
action sched_act action
tracepoint tracepoint tp+ tracepoint+
raw_tp raw_tracepoint raw_tp+ raw_tracepoint+ raw_tp.w+ raw_tracepoint.w+
tp_btf tracing tp_btf+
fentry tracing fentry+ fentry.s+
fexit tracing fexit+ fexit.s+
fmod_ret tracing fmod_ret+ fmod_ret.s+
iter tracing iter+ iter.s+
freplace ext freplace+
lsm lsm lsm+ lsm.s+ lsm_cgroup+
syscall syscall syscall
xdp xdp xdp xdp.frags xdp/devmap xdp.frags/devmap xdp/cpumap xdp.frags/cpumap
perf_event perf_event perf_event
lwt_in lwt_in lwt_in
lwt_out lwt_out lwt_out
lwt_xmit lwt_xmit lwt_xmit
lwt_seg6local lwt_seg6local lwt_seg6local
sockops sock_ops sockops
sk_skb sk_skb sk_skb sk_skb/stream_parser sk_skb/stream_verdict sk_skb/verdict
sk_msg sk_msg sk_msg
lirc_mode2 lirc_mode2 lirc_mode2
flow_dissector flow_dissector flow_dissector
cgroup_skb cgroup_skb cgroup_skb/ingress cgroup_skb/egress cgroup/skb
cgroup_sock cgroup_sock cgroup/sock cgroup/sock_create cgroup/sock_release cgroup/post_bind4 cgroup/post_bind6
cgroup_sock_addr cgroup_sock_addr cgroup/bind4 cgroup/bind6
  cgroup/connect4 cgroup/connect6 cgroup/sendmsg4 cgroup/sendmsg6 cgroup/recvmsg4 cgroup/recvmsg6
  cgroup/getpeername4 cgroup/getpeername6 cgroup/getsockname4 cgroup/getsockname6
  cgroup/connect_unix cgroup/sendmsg_unix cgroup/recvmsg_unix
  cgroup/getpeername_unix cgroup/getsockname_unix
cgroup_sysctl cgroup_sysctl cgroup/sysctl
cgroup_sockopt cgroup_sockopt cgroup/getsockopt cgroup/setsockopt
cgroup_device cgroup_device cgroup/dev
struct_ops struct_ops struct_ops+ struct_ops.s+
sk_lookup sk_lookup sk_lookup
netfilter netfilter netfilter
""")

_BY_SECTION = {section.rstrip("+"): kind for kind in KINDS.values() for section in kind.sections}
_MAY_GO_ON = {section[:-1] for kind in KINDS.values() for section in kind.sections if section.endswith("+")}


def kind_of(section: str) -> Optional[Kind]:
    """The kind of a program by its SEC(); None for one that libbpf would not know."""
    if section in _BY_SECTION:
        return _BY_SECTION[section]
    first = section.split("/", 1)[0]
    return _BY_SECTION[first] if first in _MAY_GO_ON else None


def fits(section: str, word: str) -> bool:
    """Whether a program of that SEC() can be attached by a statement with that word."""
    kind = kind_of(section)
    if kind is None:
        return False
    return kind.name in _names_of(word)


def is_known(word: str) -> bool:
    return bool(_names_of(word))


def _names_of(word: str) -> List[str]:
    """The kinds that a word stands for: its own, that of its SEC(), all of a family."""
    if word in KINDS:
        return [word]
    if word in ("tcx", "netkit"):  # hooks of programs of the kind tc
        return ["tc"]
    if word == "netns":
        return ["sk_lookup", "flow_dissector"]
    if word in _BY_SECTION:
        return [_BY_SECTION[word].name]
    if word == "cgroup":
        return [name for name in KINDS if re.match("cgroup_|sockops", name)]
    return []


def place_wanted(section: str) -> str:
    """The kind of attach statement that says where a program hangs; "" if its SEC() does, or
    if there is no such statement for it."""
    kind = kind_of(section)
    if kind and (kind.name.startswith("cgroup_") or kind.name == "sockops"):
        return "cgroup"
    word = {"tp": "tracepoint", "raw_tracepoint": "raw_tp", "xdp.frags": "xdp"}.get(section, section.removesuffix(".s"))
    return word if word in ("kprobe", "kretprobe", "perf_event", "raw_tp", "tracepoint", "uprobe", "uretprobe", "usdt", "xdp") else ""


def nearest_to(section: str) -> str:
    """A hint: the section of libbpf that may be meant."""
    first, slash, rest = section.partition("/")
    found = nearest(first, _MAY_GO_ON) if slash else ""
    return found.replace("'?", f"/{rest}'?") or nearest(section, _BY_SECTION)


def usual(word: str) -> str:
    """The SEC() to write for a kind."""
    names = _names_of(word)
    section = KINDS[names[0]].sections[0] if names else word
    return section.replace("+", "/...")
