# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Typed accessors of maps, on the maps of the running kernel: what they write and read
is held against what bpftool shows, and their system calls are counted.

Without these, an accessor could reach the map beside its own, a walk could miss keys
or never end, and a sum be of one CPU only.
"""
import ctypes
import json
import os
import platform
import re
import shutil
import struct
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from tool import Tool, until  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ENVIRONMENT = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")


@scratch.once
def built(parent):
    """A product of the module bag alone, built once for all tests of this file."""
    src = scratch.source(parent)
    for name in ("bag.h", "bag.bpf.c", "bag.c"):
        shutil.copy(os.path.join(HERE, "maps", name), os.path.join(src, "modules"))
    build = scratch.Build(src, os.path.join(parent, "build"), "--with-modules=bag", "--enable-werror")
    build.make()
    return build.product()


def product():
    tap.need_root()
    return built()


def bag(op, *words):
    """Run the module to its end; its lines of one word and the rest."""
    done = tap.run(*words, product(), "bag", "--op", op, "-d", "50ms", cwd=tap.folder())
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages")
    return lines(done.stdout)


def lines(text):
    return [tuple(line.split()) for line in text.splitlines()]


def answers(rows):
    """The lines that begin with is, by what they are about."""
    return {row[1]: [int(n) for n in row[2:]] for row in rows if row[0] == "is"}


# --- against bpftool -----------------------------------------------------------------


def map_ids(pid):
    """Of the maps that a process has open, by name."""
    ids = set()
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        with open(f"/proc/{pid}/fdinfo/{fd}") as f:
            ids |= set(re.findall(r"^map_id:\t(\d+)$", f.read(), re.MULTILINE))
    shown = [json.loads(bpftool("map", "show", "id", number)) for number in ids]
    return {one["name"]: one["id"] for one in shown}


def bpftool(*words):
    done = subprocess.run(["bpftool", "-j", *map(str, words)], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, check=False)
    tap.equal(done.returncode, 0, f"exit status of bpftool {words}: {done.stdout}")
    return done.stdout


def joined(words):
    return "".join(word[2:] for word in words)


def dumped(number):
    """Keys and values of a map as hexadecimal text, all CPUs' values in a row."""
    out = {}
    for one in json.loads(bpftool("map", "dump", "id", number)):
        if "values" in one:
            out[joined(one["key"])] = "".join(joined(cpu["value"]) for cpu in one["values"])
        else:
            out[joined(one["key"])] = joined(one["value"])
    return out


_filled = None


def filled():
    """What fill printed, and what bpftool shows of the same maps meanwhile."""
    global _filled
    if not _filled:
        tap.PRODUCT = product()
        tool = Tool("bag", "--op", "fill")
        until(lambda: "is done" in tool.out or tool.process.poll() is not None, "the maps to be filled")
        rows = lines(tool.out)
        ids = map_ids(tool.process.pid)
        _filled = rows, {name: dumped(ids[name]) for name in
                         ("rows", "numbers", "totals", "by_cpu", "recent_by_cpu", "recent", "unnamed", "routes", "devices")}
    return _filled


def same_as_bpftool(name, wanted):
    rows, maps = filled()
    got = {row[1]: row[2] for row in rows if row[0] == name}
    tap.equal(got, maps[name], name)
    tap.equal((len(got), sum(row[0] == name for row in rows)), (wanted, wanted), "keys and visits")


def test_a_hash_of_structs_holds_what_was_written_and_is_walked_whole():
    same_as_bpftool("rows", 4)


def test_an_array_of_numbers_is_walked_whole():
    same_as_bpftool("numbers", 8)


def test_an_array_per_cpu_has_all_cpus_values():
    same_as_bpftool("totals", 4)


def test_a_hash_per_cpu_has_all_cpus_values_though_they_are_smaller_than_their_stride():
    same_as_bpftool("by_cpu", 4)


def test_an_lru_hash_per_cpu_has_all_cpus_values():
    same_as_bpftool("recent_by_cpu", 4)


def test_an_lru_hash_by_pointer_is_walked_whole():
    same_as_bpftool("recent", 5)


def test_structs_without_a_name_have_the_layout_of_the_kernel_part():
    same_as_bpftool("unnamed", 5)
    got = {row[1]: row[2] for row in filled()[0] if row[0] == "unnamed"}
    tap.equal(got["02" + "00" * 11], struct.pack("=Qii", 2, 1, -1).hex(), "the value of the third key")


def test_a_trie_is_walked_whole():
    same_as_bpftool("routes", 5)


def test_a_map_without_batches_is_walked_key_by_key():
    same_as_bpftool("devices", 5)


def test_absent_keys_are_told():
    got = answers(filled()[0])
    tap.equal((got["delete"], got["delete_again"], got["lookup_deleted"]), ([0], [-2], [-2]), "of a key that was deleted")
    tap.equal((got["lookup"], got["next"]), ([0, 4000], [4, -2]), "a look-up, and a walk by keys")


def total(text):
    """One value of struct bag_total."""
    return struct.unpack("=QIII4s", bytes.fromhex(text))


def test_sums_are_over_all_cpus_and_of_integers_only():
    rows, maps = filled()
    for name, values in (("totals", 48), ("recent_by_cpu", 48)):
        for key, text in maps[name].items():
            each = [total(text[i : i + values]) for i in range(0, len(text), values)]
            wanted = (sum(e[0] for e in each), *(sum(e[i] for e in each) % 2**32 for i in (1, 2, 3)), bytes(4))
            got = [row[2] for row in rows if row[0] == "sum_" + name and row[1] == key]
            tap.equal([total(g) for g in got], [wanted], f"sum of {name} {key}")
    for key, text in maps["by_cpu"].items():
        each = struct.unpack(f"={len(text) // 8}I", bytes.fromhex(text))
        got = [row[2] for row in rows if row[:2] == ("sum_by_cpu", key)]
        tap.equal(got, [struct.pack("=I", sum(each)).hex()], f"sum of by_cpu {key}")


def test_a_number_leads_to_the_map_of_that_name():
    got = answers(bag("names"))
    tap.equal({name: ok for name, ok in got.items() if ok != [1]}, {"done": [0]}, "maps of another name")
    tap.equal(len(got), 15, "maps")


# --- walks ----------------------------------------------------------------------------


def test_walks_of_an_empty_map_and_of_one_that_the_visits_empty():
    got = answers(bag("walks"))
    tap.equal(got["empty"], [0, 0, 0], "an empty map: status, visits, sum")
    tap.equal(got["deleting"], [0, 1000, 1000], "each key is deleted when it is visited")
    tap.equal(got["deleted"], [0, 0, 0], "and the map is empty")


def test_a_visit_ends_the_walk_with_its_own_value():
    tap.equal(answers(bag("walks"))["stopped"], [1234, 3, 3], "status, visits, sum")


def test_a_map_that_is_not_there_is_an_error():
    tap.equal(answers(bag("walks"))["none"], [-9] * 6 + [0], "for_each, lookup, next, update, delete, sum: -EBADF; max_entries: 0")


BIG = [0, 65536, 65536 * 65535 // 2]


def traced(op, *words):
    """The bpf(2) commands of the thread that runs the module, and what was printed."""
    if not shutil.which("strace"):
        raise tap.Skip("there is no strace")
    path = os.path.join(tap.folder(), "trace")
    rows = bag(op, "strace", "-o", path, "-e", "trace=bpf", "-e", "signal=none", *words)
    with open(path) as f:
        return re.findall(r"^bpf\((\w+),(?:.*\((INJECTED)\))?", f.read(), re.MULTILINE), rows


def failing(error, which):
    """
    Walks, of which one batch fails: the commands, and what was printed. How many calls come before it differs by a few from run to
    run; one in which another call has failed is none.
    """
    for _ in range(20):
        at = [i + 1 for i, (command, _) in enumerate(traced("walks")[0]) if command == "BPF_MAP_LOOKUP_BATCH"][which]
        calls, rows = traced("walks", "-e", f"inject=bpf:error={error}:when={at}")
        batches = [injected for command, injected in calls if command == "BPF_MAP_LOOKUP_BATCH"]
        if batches[which:] and batches[which]:
            return [command for command, _ in calls], rows
    raise AssertionError(f"batch {which} never failed")


def test_a_large_hash_is_walked_with_few_system_calls():
    product()
    calls, rows = traced("big")
    commands = [command for command, _ in calls]
    tap.equal(answers(rows)["big"], BIG, "status, visits, sum")
    batches = commands.count("BPF_MAP_LOOKUP_BATCH")
    # 12 bytes each, 256 KiB at once: three full batches and what is left.
    tap.equal(1 <= batches <= 8, True, f"{batches} batches")
    tap.equal(commands.count("BPF_MAP_GET_NEXT_KEY"), 0, "steps key by key")


def test_a_kernel_without_batches_walks_key_by_key():
    product()
    # The first batch is of the empty map, the second of the one whose keys are deleted.
    commands, rows = failing("EINVAL", 1)
    tap.equal(answers(rows)["deleting"], [0, 1000, 1000], "each key is deleted when it is visited")
    tap.equal(commands.count("BPF_MAP_GET_NEXT_KEY") >= 1001, True, "steps key by key")
    tap.equal(answers(rows)["deleted"], [0, 0, 0], "and the map is empty")


def test_an_error_of_the_kernel_ends_the_walk_with_it():
    product()
    _, rows = failing("EFAULT", 0)
    tap.equal(answers(rows)["empty"], [-14, 0, 0], "status, visits, sum")
    _, rows = failing("ENOSPC", 1)
    tap.equal(answers(rows)["deleting"], [0, 1000, 1000], "a bucket that had no room in the buffer")


# --- while others change the map ---------------------------------------------------------

_BPF = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "s390x": 351, "ppc64le": 361}.get(platform.machine())
_UPDATE, _DELETE, _BY_ID = 2, 3, 14  # enum bpf_cmd, include/uapi/linux/bpf.h


class Raw:
    """A map of another process, by plain bpf(2)."""

    def __init__(self, number):
        if not _BPF:
            raise tap.Skip(f"the number of bpf(2) on {platform.machine()} is not known here")
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.fd = self._call(_BY_ID, struct.pack("=III", number, 0, 0))
        tap.cleanup(os.close, self.fd)
        self.key, self.value = ctypes.c_uint32(), ctypes.c_uint64(1)

    def _call(self, command, attributes):
        buffer = ctypes.create_string_buffer(attributes, 128)
        return self.libc.syscall(_BPF, command, buffer, 128)

    def set(self, key, there):
        self.key.value = key
        where = struct.pack("=I4xQQQ", self.fd, ctypes.addressof(self.key), ctypes.addressof(self.value) if there else 0, 0)
        return self._call(_UPDATE if there else _DELETE, where)


def test_a_walk_ends_and_sees_what_stays_while_another_process_changes_the_map():
    tap.PRODUCT = product()
    tool = Tool("bag", "--op", "churn")
    until(lambda: "is done" in tool.out or tool.process.poll() is not None, "the map to be filled")
    raw = Raw(map_ids(tool.process.pid)["churn"])
    ended = threading.Event()
    changes = [0]

    def change():
        while not ended.is_set():
            for there in (True, False):
                for key in range(100, 4096):
                    raw.set(key, there)
                    changes[0] += 1

    thread = threading.Thread(target=change)
    thread.start()
    try:
        until(lambda: tool.out.count("walk ") > 200 and changes[0] > 8000, "200 walks")
    finally:
        ended.set()
        thread.join()
    tap.equal(tool.stop(), 0, "exit status")
    walks = [[int(n) for n in row[1:]] for row in lines(tool.out) if row[0] == "walk" and len(row) == 4]
    tap.equal({row[0] for row in walks}, {0}, "statuses")
    tap.equal({row[2] for row in walks}, {100}, "how many of the keys that stay each walk saw")
    tap.equal(max(row[1] for row in walks) <= 4096, True, "visits")
    tap.equal(len({row[1] for row in walks}) > 1, True, "the map changed between walks")


tap.main()
