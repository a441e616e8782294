# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Values as people write them: is this one of that type?"""
import ipaddress
import re
from typing import Callable, Dict, Iterator, List, Optional, Tuple, Union

from . import bpf_names, types, words
from .errors import Errors
from .scope import Scope
from .syntax import Enum, Field, Item, Value

SIGNALS = """HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU
    URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS""".split()  # signal(7)
TCP_STATES = """ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN CLOSING NEW_SYN_RECV
    BOUND_INACTIVE""".split()  # include/net/tcp_states.h
NETDEV_MAX = 15  # IFNAMSIZ - 1, include/uapi/linux/if.h
COMM_MAX = 15  # TASK_COMM_LEN - 1, include/linux/sched.h
UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
YES = ("true", "yes", "on")
NO = ("false", "no", "off")


def duration(text: str) -> Optional[int]:
    match = re.match(r"([0-9]{1,19})(ns|us|ms|s|m|h)\Z", text)
    return int(match.group(1)) * UNITS[match.group(2)] if match else 0 if text == "0" else None


def _is_address(kind: type) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            kind(text)
        except ValueError:
            return False
        return True

    return check


def _is_signal(text: str) -> bool:
    return (text[3:] if text.startswith("SIG") else text) in SIGNALS


# Semantic types whose values are no plain numbers: what the core reads, emf_value_parse().
TEXTS: Dict[str, Callable[[str], bool]] = {
    "char": lambda text: len(text.encode()) == 1,
    "ip4": _is_address(ipaddress.IPv4Address),
    "ip6": lambda text: "%" not in text and _is_address(ipaddress.IPv6Address)(text),
    "ip": lambda text: "%" not in text and _is_address(ipaddress.ip_address)(text),
    "tcp_state": lambda text: text.upper() in TCP_STATES,
    "ipproto": lambda text: bool(re.match(r"[A-Za-z][A-Za-z0-9-]*\Z", text)),
    "syscall": lambda text: bool(re.match(r"[a-z_][a-z0-9_]*\Z", text)),
    "cap": lambda text: (text.upper()[4:] if text.upper().startswith("CAP_") else text.upper()) in bpf_names.CAPABILITIES,
    "dev": lambda text: text.startswith("/") or bool(re.match(r"[0-9]{1,4}:[0-9]{1,7}\Z", text)),
    "container": lambda text: text.startswith("/"),
    "mac": lambda text: bool(re.match(r"[0-9A-Fa-f]{1,2}(:[0-9A-Fa-f]{1,2}){5}\Z", text)),
    "comm": lambda text: len(text.encode()) <= COMM_MAX,
    "netdev": lambda text: 0 < len(text.encode()) <= NETDEV_MAX and not text[0].isdigit(),
    "cgroup": lambda text: text.startswith("/"),
    "ksym": lambda text: bool(re.match(r"[A-Za-z_][A-Za-z0-9_.]*\Z", text)),
    "uid": lambda text: text == "root",
    "errno": lambda text: text in words.ERRNO,
    "signo": lambda text: _is_signal(text),
    "wait_status": lambda text: text in words.ERRNO or _is_signal(text),
}
ALSO_NUMBERS = ("netdev", "cgroup", "container", "ksym", "uid", "errno", "signo", "wait_status", "tcp_state", "ipproto", "syscall", "cap", "dev")
EXPECTED = {
    "char": 'write a character in quotes, such as "x"',
    "ip4": 'write an address in quotes, such as "10.0.0.1"',
    "ip6": 'write an address in quotes, such as "fe80::1"',
    "ip": 'write an address in quotes, such as "10.0.0.1" or "fe80::1"',
    "tcp_state": "write a state such as ESTABLISHED, or its number",
    "ipproto": "write a protocol such as tcp, or its number",
    "syscall": "write a system call such as openat, or its number",
    "cap": "write a capability such as CAP_NET_ADMIN, or its number",
    "dev": 'write a device in quotes, such as "8:1" or "/dev/sda1"',
    "container": 'write the path of a cgroup in quotes, or an id: "/system.slice"',
    "mac": 'write an address in quotes, such as "02:00:00:00:00:01"',
    "comm": f"write a text of at most {COMM_MAX} bytes in quotes",
    "netdev": 'write the name of an interface in quotes, or its index: "eth0"',
    "cgroup": 'write a path in quotes, or an id: "/system.slice"',
    "ksym": "write a symbol of the kernel, or an address",
    "uid": "write root, or the number of a user",
    "errno": "write an error such as ENOENT, or its negative number",
    "signo": "write a signal such as SIGTERM, or its number",
    "wait_status": "write an exit status, a signal such as SIGKILL, or an error such as ENOENT",
}


def check_value(member: Field, value: Value, scope: Scope, errors: Errors) -> Optional[Union[int, str]]:
    """The value as a number or a text; None, with an error added, if it is of another type."""
    kind = member.type.text
    if kind == types.STRING:
        if value.kind != "string":
            errors.add(value.position, f"'{value.text}' is no text for '{member.name}'", 'put it in quotes: "..."')
            return None
        bound = scope.number(member.bound, Errors()) if member.bound is not None else None
        if bound is not None and len(value.text.encode()) > bound:
            errors.add(value.position, f"this text is longer than the {bound} bytes of '{member.name}'")
            return None
        return value.text
    if kind in TEXTS and value.kind in ("string", "name"):
        if TEXTS[kind](value.text):
            return value.text
        errors.add(value.position, f"'{value.text}' is no value of type '{kind}'", EXPECTED[kind])
        return None
    number = _number(member, value, scope)
    if number is None:
        errors.add(value.position, f"'{value.text}' is no value of type '{kind}'", lambda: _expected(kind, scope))
        return None
    t = types.BUILT_IN.get(kind)
    if t and t.low is not None and not t.low <= number <= t.high:
        errors.add(value.position, f"{value.text} does not fit into {kind} ({t.low} to {t.high})")
        return None
    return number


def _number(member: Field, value: Value, scope: Scope) -> Optional[int]:
    kind = member.type.text
    if kind == "bool":
        return 1 if value.text in YES else 0 if value.text in NO else None
    if kind == "duration":
        return duration(value.text)
    if kind in TEXTS and kind not in ALSO_NUMBERS:
        return None
    found = scope.find_type(kind)
    if found and isinstance(found.type, Enum):
        items = dict(items_of(found.type, found.scope))
        return items.get(value.text) if not found.type.is_flags else _flags(items, value.text)
    if value.kind == "number":
        return int(value.text, 0) if len(value.text) <= 21 else None
    if value.kind == "name":
        const = scope.find_const(value.text)
        return scope.number(const.const.value, Errors()) if const else None
    return None


def _flags(items: Dict[str, int], text: str) -> Optional[int]:
    """"A|B", or 0 for none of them."""
    names = text.split("|") if text != "0" else []
    return sum({items[n] for n in names}) if all(n in items for n in names) else None


def items_with_values(enum: Enum, scope: Scope, errors: Errors) -> Iterator[Tuple[Item, int]]:
    """Of an enum or flags; one without a value follows the one before."""
    following = 1 if enum.is_flags else 0
    for item in enum.items:
        value = scope.number(item.value, errors) if item.value is not None else following
        if value is not None:
            yield item, value
            following = value << 1 if enum.is_flags and value > 0 else value + 1


def items_of(enum: Enum, scope: Scope) -> List[Tuple[str, int]]:
    """Names and values of a checked enum or flags."""
    return [(item.name, value) for item, value in items_with_values(enum, scope, Errors())]


def _expected(kind: str, scope: Scope) -> str:
    if kind == "bool":
        return "write yes or no"
    if kind == "duration":
        return "write a time with its unit, such as 500ms"
    if kind in EXPECTED:
        return EXPECTED[kind]
    found = scope.find_type(kind)
    if found and isinstance(found.type, Enum):
        return "there are: " + ", ".join(item.name for item in found.type.items)
    return "write a number"
