# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The types that need no declaration: their C type, their size, their range."""
from dataclasses import dataclass
from typing import Dict, Optional


@dataclass(frozen=True)
class Type:
    c: str  # in a header that BPF shares
    size: int
    align: int
    low: Optional[int] = None  # bounds of a number
    high: Optional[int] = None
    messages_only: bool = False  # a file descriptor: it has no meaning in memory
    in_bpf: bool = True
    meaning: str = ""  # for the manual
    elements: int = 0  # of one that is an array in C


def _unsigned(bits: int, meaning: str = "") -> Type:
    return Type(f"__u{bits}", bits // 8, bits // 8, 0, (1 << bits) - 1, meaning=meaning)


def _signed(bits: int, meaning: str = "") -> Type:
    return Type(f"__s{bits}", bits // 8, bits // 8, -(1 << bits - 1), (1 << bits - 1) - 1, meaning=meaning)


def _big_endian(bits: int) -> Type:
    return Type(f"__be{bits}", bits // 8, bits // 8, 0, (1 << bits) - 1, meaning="in network order")


BUILT_IN: Dict[str, Type] = {
    **{f"u{bits}": _unsigned(bits) for bits in (8, 16, 32, 64)},
    **{f"s{bits}": _signed(bits) for bits in (8, 16, 32, 64)},
    **{f"be{bits}": _big_endian(bits) for bits in (16, 32, 64)},
    "bool": Type("__u8", 1, 1, 0, 1, meaning="0 or 1"),
    "char": Type("char", 1, 1, -128, 127),
    "argv": Type("char", 1, 1, meaning="with [<=N] the arguments of a program, each with a NUL behind it; cut if the last one has none"),
    # Semantic types: one layout, one C type, one way to write them.
    "ip4": Type("__be32", 4, 4, meaning="an IPv4 address in network order: 10.0.0.1"),
    "ip6": Type("__be32", 16, 4, meaning="an IPv6 address in network order: fe80::1", elements=4),
    "ip": Type("__be32", 16, 4, meaning="an IPv6 address, or an IPv4 one as ::ffff:10.0.0.1: fe80::1, 10.0.0.1", elements=4),
    "mac": Type("__u8", 6, 1, meaning="an Ethernet address: 02:00:00:00:00:01", elements=6),
    "ns": _unsigned(64, "a monotonic time stamp in nanoseconds"),
    "duration": _unsigned(64, "a length of time in nanoseconds: 5ms"),
    "wall": _unsigned(64, "nanoseconds since 1970"),
    "pid": _unsigned(32, "a process, as user space counts them"),
    "comm": Type("char", 16, 1, meaning="the name of a task, at most 15 characters", elements=16),
    "uid": _unsigned(32, "a user: by name, or a number"),
    "netdev": _unsigned(32, "a network interface: eth0, or its index"),
    "errno": _signed(32, "0 or a negative error number: ENOENT"),
    "signo": _signed(32, "a signal: SIGTERM, or its number"),
    "wait_status": _signed(32, "how a program ended, as wait(2) has it, or a negative errno: 3, SIGKILL, ENOENT"),
    "ksym": _unsigned(64, "an address in the kernel"),
    "cgroup": _unsigned(64, "a cgroup by its id: its path"),
    "container": _unsigned(64, "a cgroup by its id: the container that it is of"),
    "tcp_state": _unsigned(8, "a state of TCP: ESTABLISHED"),
    "ipproto": _unsigned(8, "a protocol above IP: tcp, or its number"),
    "syscall": _unsigned(32, "a system call of this machine: openat, or its number"),
    "cap": _unsigned(32, "a capability: CAP_NET_ADMIN"),
    "dev": _unsigned(32, "a device, major << 20 | minor: 8:1"),
    "fd": Type("int", 4, 4, messages_only=True, in_bpf=False, meaning="a file descriptor that is handed over"),
    "map_fd": Type("int", 4, 4, messages_only=True, in_bpf=False,
                   meaning="a BPF map that is handed over; read-only without rw"),
    "prog_fd": Type("int", 4, 4, messages_only=True, in_bpf=False, meaning="a BPF program that is handed over"),
}

# What an enum or flags can be made of.
WIDTHS = ("u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64")
STRING = "string"  # string<=N is char[N + 1]
