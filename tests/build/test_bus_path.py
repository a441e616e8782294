# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What a call in process is made of, as the compiler has it: an indirect call, and no atomic instruction.

Without these, a look-up, a lock or a counter that processors share could get into each call.
"""
import os
import re
import shutil

import tap

SOURCE = """
#include "emf_emf.h"

int call(struct bus_totals_reply *reply);
int call(struct bus_totals_reply *reply)
{
	return bus_call_totals(&bus_client, reply);
}

int counted(int *counter);
int counted(int *counter)
{
	return __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
}
"""
# By machine: an atomic instruction; a call, and where it goes, which a tail call does as well.
MACHINES = {
    "x86_64": (r"\block\b|\bxchg\b.*\(|\bmfence\b|\bcmpxchg", r"\bcall\w*\s+(\S+)|\bjmp\w*\s+(\*\S+)", r"\*"),
    "aarch64": (r"\bld(?:a?xr|add|set|clr|eor)|\bstl?xr|\bcas|\bswp|\bdmb\b|__aarch64_", r"\bblr?\s+(\S+)|\bbr\s+(\S+)", r"x\d"),
}


def machine():
    found = MACHINES.get(os.uname().machine)
    if not found or not shutil.which("objdump"):
        raise tap.Skip("no objdump, or a machine whose instructions this test does not know")
    return found


def functions(path):
    """Name to the lines of its instructions; relocations say whom it calls."""
    done = tap.run("objdump", "-dr", "--no-show-raw-insn", path)
    tap.equal(done.returncode, 0, f"objdump: {done.stderr}")
    parts = re.split(r"^[0-9a-f]+ <([^>]+)>:\n", done.stdout, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def compiled(compiler):
    folder = tap.folder()
    source, out = os.path.join(folder, "path.c"), os.path.join(folder, "path.o")
    with open(source, "w", encoding="ascii") as f:
        f.write(SOURCE)
    done = tap.run(compiler, "-std=gnu17", "-O2", "-I" + os.path.join(tap.SOURCE, "include"), "-I" + os.path.join(tap.BUILD, "obj"),
                   "-c", source, "-o", out)
    tap.equal(done.returncode, 0, f"{compiler}: {done.stderr}")
    return functions(out)


def called(text, calls):
    return [next(filter(None, m.groups())) for m in re.finditer(calls, text)]


def test_a_typed_call_is_one_indirect_call_and_has_no_atomic_instruction():
    atomic, calls, indirect = machine()
    for compiler in ("gcc", "clang"):
        if not shutil.which(compiler):
            continue
        found = compiled(compiler)
        tap.equal(bool(re.search(atomic, found["counted"])), True, f"{compiler}: whether this test knows an atomic instruction")
        tap.equal(re.findall(atomic, found["call"]), [], f"{compiler}: atomic instructions of a call")
        goes = called(found["call"], calls)
        tap.equal((len(goes), bool(goes and re.match(indirect, goes[0]))), (1, True), f"{compiler}: calls of a call: {goes}")


def test_a_signal_has_no_atomic_instruction_and_calls_none_but_handlers_and_the_log():
    atomic, calls, indirect = machine()
    text = functions(os.path.join(tap.BUILD, "core", "libemf_core_a-bus_signal.o"))["ebus_emit"]
    tap.equal(re.findall(atomic, text), [], "atomic instructions")
    tap.equal(len([w for w in called(text, calls) if re.match(indirect, w)]), 1, "where handlers are called")
    # By relocations, since an object's direct calls go nowhere yet.
    others = set(re.findall(r"R_\w+_(?:PLT32|PC32|CALL26|JUMP26)\s+(emf_\w+|\w*alloc\w*|str\w+|mem\w+|pthread\w+)", text))
    tap.equal(others - {"emf_log"}, set(), "functions that it calls")


if __name__ == "__main__":
    tap.main()
