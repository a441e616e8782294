# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""oomkill and biosnoop, against a process that takes too much memory and one that writes to a disk; both are the test's own.

Without these, the wrong process could be named, or bytes and sectors be others than those that were written.
"""
import os
import re
import time

import tap
from collected import Script, Snoop, check_length, check_time, without
from tool import until

# --- oomkill

LIMIT = 32 << 20
TAKES = 200 << 20
MEMORY = "/sys/fs/cgroup/memory"  # of the first version


def write(folder, name, text):
    with open(os.path.join(folder, name), "w") as f:
        f.write(str(text))


def limited():
    """A group whose processes have little memory, and no swap."""
    if os.path.exists(os.path.join(MEMORY, "memory.limit_in_bytes")):
        folder, names = MEMORY, ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
    else:
        folder, names = tap.folder(), ("memory.max", "memory.swap.max")
        if tap.run("mount", "-t", "cgroup2", "none", folder).returncode:
            raise tap.Skip("this system has no cgroup2")
        tap.cleanup(tap.run, "umount", folder)
        with open(os.path.join(folder, "cgroup.controllers")) as f:
            if "memory" not in f.read().split():
                raise tap.Skip("this system has no controller of memory")
        with open(os.path.join(folder, "cgroup.subtree_control")) as f:
            if "memory" not in f.read().split():
                write(folder, "cgroup.subtree_control", "+memory")
                tap.cleanup(write, folder, "cgroup.subtree_control", "-memory")
    group = os.path.join(folder, f"emf-test-{os.getpid()}")
    os.mkdir(group)
    tap.cleanup(os.rmdir, group)
    write(group, names[0], LIMIT)
    if os.path.exists(os.path.join(group, names[1])):
        write(group, names[1], LIMIT if folder == MEMORY else 0)
    return group


def of_status(pid, name):
    """A size from /proc/PID/status, in bytes."""
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(rf"^{name}:\s+(\d+) kB$", f.read(), re.MULTILINE).group(1)) << 10


def test_oomkill_tells_whom_the_kernel_kills_and_how_large_it_was():
    tap.need_root()
    began = time.time()
    group = limited()
    script = Script(f"os.setuid(65534)\nx = b'x' * {TAKES}\ndone('not killed')")
    snoop = Snoop("oomkill", programs=2)
    write(group, "cgroup.procs", script.pid)
    mapped, resident = of_status(script.pid, "VmSize"), of_status(script.pid, "VmRSS")
    tap.equal((script.run(), script.process.returncode), (None, -9), "ground truth")
    event = snoop.wait(pid=script.pid)
    snoop.stop()
    tap.equal([without(e, "time", "total_vm", "rss") for e in event],
              [{"pid": script.pid, "uid": 65534, "comm": script.comm, "by_pid": script.pid, "by_comm": script.comm}], "who, and by whom")
    check_time(event[0], began)
    size, rss = event[0]["total_vm"], event[0]["rss"]
    tap.equal(mapped + TAKES <= size <= mapped + TAKES + (16 << 20), True, f"size {size} of {mapped} and {TAKES} more")
    # What it maps of files is in memory already, and limits nobody.
    tap.equal(LIMIT / 2 <= rss <= resident + LIMIT + (16 << 20), True, f"in memory {rss} of {resident} and {LIMIT} more")


# --- biosnoop

WRITES = """
import mmap
fd = os.open(DISK, os.O_RDWR | os.O_DIRECT)
memory = mmap.mmap(-1, 1 << 20)  # aligned as a disk wants it
made = []
for op, at, n in (("WRITE", 0, 4096), ("WRITE", 1 << 20, 65536), ("READ", 65536, 512 * 24), ("WRITE", 4096, 4096), ("READ", 0, 4096)):
    result = os.pwrite(fd, memoryview(memory)[:n], at) if op == "WRITE" else os.preadv(fd, [memoryview(memory)[:n]], at)
    assert result == n
    made.append([op, at // 512, n])
assert os.pwrite(fd, memory, 2 << 20) == 1 << 20  # many requests, perhaps
done(made)
os._exit(0)
"""


def disk():
    """A disk in a file, which is gone after the test."""
    path = os.path.join(tap.folder(), "disk")
    with open(path, "wb") as f:
        f.truncate(8 << 20)
    made = tap.run("losetup", "-f", "--show", path)
    if made.returncode:
        raise tap.Skip(f"no disk can be made of a file: {made.stderr.strip()}")
    device = made.stdout.strip()
    tap.cleanup(tap.run, "losetup", "-d", device)
    return device


def test_biosnoop_tells_each_request_to_a_disk_with_its_place_and_size():
    tap.need_root()
    began = time.time()
    device = disk()
    script = Script(WRITES.replace("DISK", repr(device)))
    snoop, one = Snoop("biosnoop", programs=3), Snoop("biosnoop", "-p", script.pid, programs=3)
    begin = time.monotonic()
    made = script.run()
    longest = time.monotonic() - begin
    name, rdev = os.path.basename(device), os.stat(device).st_rdev
    common = {"pid": script.pid, "comm": script.comm, "error": "0", "major": os.major(rdev), "minor": os.minor(rdev), "disk": name}
    wanted = [{"op": op, "sector": sector, "bytes": n, **common} for op, sector, n in made]
    whole = sum(e["bytes"] for e in wanted) + (1 << 20)
    for each in (snoop, one):
        until(lambda: sum(e["bytes"] for e in each.events(disk=name, pid=script.pid)) >= whole, "all that was written and read")
        each.stop()
        found = each.events(disk=name, pid=script.pid)
        tap.equal([without(e, "time", "queued", "took") for e in found[:len(wanted)]], wanted, "requests")
        rest = found[len(wanted):]
        tap.equal(sum(e["bytes"] for e in rest), 1 << 20, "bytes of the large one")
        tap.equal({e["op"] for e in rest}, {"WRITE"}, "what it is")
        for event in found:
            check_time(event, began)
            check_length(event, "took", longest)
            tap.equal(event["queued"] <= longest * 1e9, True, "time until the disk got it")
    tap.equal({e["pid"] for e in one.events()}, {script.pid}, "with --pid")


if __name__ == "__main__":
    tap.main()
