"""Values as people write them: is this one of that type?"""
import ipaddress
import re
from typing import Optional, Union

from . import types
from .errors import Errors
from .scope import Scope
from .syntax import Enum, Field, Number, Value

UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
YES = ("true", "yes", "on")
NO = ("false", "no", "off")


def duration(text: str) -> Optional[int]:
    match = re.match(r"([0-9]{1,19})(ns|us|ms|s|m|h)\Z", text)
    return int(match.group(1)) * UNITS[match.group(2)] if match else 0 if text == "0" else None


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
    number = _number(member, value, scope)
    if number is None:
        errors.add(value.position, f"'{value.text}' is no value of type '{kind}'", _expected(kind, scope))
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
    if kind == "ip4":
        try:
            return int(ipaddress.IPv4Address(value.text))
        except ValueError:
            return None
    found = scope.find_type(kind)
    if found and isinstance(found.type, Enum):
        return _item(found.type, value.text, found.scope)
    if value.kind == "number":
        return int(value.text, 0) if len(value.text) <= 21 else None
    if value.kind == "name":
        const = scope.find_const(value.text)
        return scope.number(const.const.value, Errors()) if const else None
    return None


def _item(enum: Enum, name: str, scope: Scope) -> Optional[int]:
    following = 1 if enum.is_flags else 0
    for item in enum.items:
        value = scope.number(item.value, Errors()) if item.value is not None else following
        if item.name == name:
            return value
        if value is not None:
            following = value << 1 if enum.is_flags and value > 0 else value + 1
    return None


def _expected(kind: str, scope: Scope) -> str:
    if kind == "bool":
        return "write yes or no"
    if kind == "duration":
        return "write a time with its unit, such as 500ms"
    if kind == "ip4":
        return 'write an address in quotes, such as "10.0.0.1"'
    found = scope.find_type(kind)
    if found and isinstance(found.type, Enum):
        return "there are: " + ", ".join(item.name for item in found.type.items)
    return "write a number"
