# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A module's description against its compiled kernel part: structs, maps, programs."""
from typing import List, Optional

from . import bpf_names, btf, sections
from .bpf_object import Map, Object, Program
from .check_chain import all_of
from .check_layout import check_layouts, member_names
from .errors import Errors
from .interface import Interface
from .near import near
from .syntax import Attach, Chain, File, Method, Metric, ModuleDecl, Name, Need, Plug, Service, Show

# is_prog_sleepable, check_map_prog_compatibility(), kernel/bpf/verifier.c
SLEEPABLE = frozenset("""hash array percpu_hash percpu_array lru_hash lru_percpu_hash array_of_maps hash_of_maps ringbuf
    user_ringbuf inode_storage sk_storage task_storage cgrp_storage queue stack arena""".split())
COUNT = "count"  # of the keys of a map: a metric without a member of that name


def check_object(obj: Object, source: str, file: File, interfaces: List[Interface], module: Optional[ModuleDecl],
                 errors: Errors) -> None:
    """@source is the .bpf.c file, as messages name it; @interfaces are of @file and of what it imports."""
    check_layouts(obj, source, interfaces, errors)
    if module:
        _Check(obj, source, errors).module(module, file)


class _Check:
    def __init__(self, obj: Object, source: str, errors: Errors):
        self.obj, self.source, self.errors = obj, source, errors

    def module(self, module: ModuleDecl, file: File) -> None:
        for use in module.maps:
            self.map(use.map, use.source)
        for metric in module.metrics:
            if not metric.is_event:
                self.metric(metric)
        for show in module.shows:
            self.show(show)
        for size in module.sizes:
            self.map(size.map)
        provided = {name.text for name in module.provides}
        for service in all_of(file, Service):
            if service.name in provided:
                for method in service.of(Method):
                    self.served(method)
        chains = {chain.name: chain for chain in all_of(file, Chain)}
        for plug in module.plugs:
            self.plug(plug, chains.get(plug.chain.text))
        for attach in module.attaches:
            self.attach(attach)
        for need in module.needs:
            self.variant(need)

    # --- maps -----------------------------------------------------------------------------

    def map(self, name: Name, source: Optional[Name] = None) -> Optional[Map]:
        """@source is the module that it is imported from."""
        found = self.obj.maps.get(name.text)
        if not found and source:
            self.errors.add(name.position, f"there is no map '{name.text}' in {self.source}",
                            f"declare it there as the kernel part of '{source.text}' does")
        elif not found:
            self.errors.add(name.position, f"there is no map '{name.text}' in {self.source}",
                            near(name.text, self.obj.maps, "it has", "it has no maps: declare one in SEC(\".maps\")"))
        return found

    def metric(self, metric: Metric) -> None:
        found = self.map(metric.source)
        if not found:
            return
        names = member_names(self.obj, found.value)
        member = metric.member
        if member and member.text in names:
            if metric.kind != "histogram":
                self.number(metric, member, found)
        elif member and member.text != COUNT:
            self.no_member("value", member, found, found.value, names)
        for label in metric.labels:
            self.label(label, metric, found)

    def show(self, show: Show) -> None:
        """Its members are looked up where it is made."""
        is_global = show.kind == "histogram" and show.source.text in self.obj.variables
        found = None if is_global else self.map(show.source)
        if show.stacks:
            self.map(show.stacks)
        if found and show.member and show.member.text not in member_names(self.obj, found.value):
            self.no_member("value", show.member, found, found.value, member_names(self.obj, found.value))

    def number(self, metric: Metric, member: Name, found: Map) -> None:
        btf_ = self.obj.btf
        type_ = next(m.type for m in btf_.members(btf_.strip(found.value)) if m.name == member.text)
        if btf_.is_signed(type_) is None:
            self.errors.add(member.position, f"'{member.text}' of map '{found.name}' in {self.source} is "
                            f"{btf_.written(type_)}, and a {metric.kind} is a number",
                            "name a member that is an integer")

    def label(self, label: Name, metric: Metric, found: Map) -> None:
        names = member_names(self.obj, found.key)
        if label.text in names:
            return
        # A key that is a number has no members; its one label gives it a name.
        if found.key is not None and len(metric.labels) == 1 and self.obj.btf.is_signed(found.key) is not None:
            return
        self.no_member("key", label, found, found.key, names)

    def no_member(self, side: str, name: Name, found: Map, type_: Optional[int], names: list) -> None:
        what = f"the {side} of map '{found.name}' in {self.source}"
        if type_ is None:
            self.errors.add(name.position, f"{what} has no type", f"declare it there: __type({side}, ...)")
            return
        written = self.obj.btf.written(type_)
        self.errors.add(name.position, f"{what} ({written}) has no member '{name.text}'",
                        near(name.text, names, "it has", "it is no struct"))

    # --- programs ---------------------------------------------------------------------------

    def program(self, name: Name) -> Optional[Program]:
        found = self.obj.programs.get(name.text)
        if not found:
            self.errors.add(name.position, f"there is no program '{name.text}' in {self.source}", self.no_program(name.text))
        return found

    def no_program(self, name: str) -> str:
        btf_ = self.obj.btf
        if any(kind == btf.FUNC and btf_.name(number) == name for number, kind in enumerate(btf_.kinds)):
            return f"the function '{name}' is no program: give it a SEC() and do not make it static"
        return near(name, self.obj.programs, "it has", "it has no programs")

    def served(self, method: Method) -> None:
        if not method.served_by:
            return
        found = self.program(method.served_by)
        if found and found.section != "syscall":
            self.errors.add(method.served_by.position, f"program '{found.name}' of {self.source} is SEC(\"{found.section}\"), "
                            "and a method is served by SEC(\"syscall\")", f"write SEC(\"syscall\") before '{found.name}'")
            return
        for name in found.maps if found else []:
            number = self.obj.maps[name].type
            kind = bpf_names.MAP_TYPES[number] if number < len(bpf_names.MAP_TYPES) else str(number)
            if kind not in SLEEPABLE:
                self.errors.add(method.served_by.position, f"program '{found.name}' of {self.source} uses map '{name}' of type "
                                f"'{kind}', and it may sleep", "such a program may use: " + ", ".join(sorted(SLEEPABLE)))

    def plug(self, plug: Plug, chain: Optional[Chain]) -> None:
        found = self.program(plug.program)
        if not found or not chain or not chain.type:
            return
        kind = sections.kind_of(found.section)
        if not kind or kind.name != chain.type.text:
            self.errors.add(plug.program.position, f"program '{found.name}' of {self.source} is SEC(\"{found.section}\"), "
                            f"and chain '{chain.name}' is of type '{chain.type.text}'",
                            f"write SEC(\"{sections.usual(chain.type.text)}\") before '{found.name}'")

    def attach(self, attach: Attach) -> None:
        found = self.program(attach.program) if attach.program else None
        if not sections.is_known(attach.name):
            self.errors.add(attach.position, f"there is no way to attach that is called '{attach.name}'",
                            near(attach.name, sections.KINDS))
        elif found and not sections.fits(found.section, attach.name):
            self.errors.add(attach.position, f"program '{found.name}' of {self.source} is SEC(\"{found.section}\"), "
                            f"which is not attached as {attach.name}",
                            f"write SEC(\"{sections.usual(attach.name)}\") before '{found.name}'")

    def variant(self, need: Need) -> None:
        if not need.variant:
            return
        first, second = (self.program(name) for name in need.variant)
        if not first or not second:
            return
        kinds = [sections.kind_of(p.section) for p in (first, second)]
        if not kinds[0] or not kinds[1] or kinds[0].type != kinds[1].type:
            self.errors.add(need.variant[1].position, f"'{second.name}' of {self.source} is SEC(\"{second.section}\"), and "
                            f"'{first.name}', whose place it takes, is SEC(\"{first.section}\")",
                            "a variant is a program of the same type")
