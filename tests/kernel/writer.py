# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A process that writes so many bytes as it is told: what tests of counts hold these against."""
import json
import subprocess
import sys

import tap

# What it is told comes as a line, and it says when it is done: by other system calls than write(2).
_CODE = """import ctypes, json, os, sys
fd = os.open("/dev/null", os.O_WRONLY)
for line in sys.stdin:
    told = json.loads(line)
    if told["comm"] is not None:
        ctypes.CDLL(None).prctl(15, told["comm"].encode("latin-1"))  # PR_SET_NAME
    if told["cpu"] is not None:
        os.sched_setaffinity(0, {told["cpu"]})
    for n in told["sizes"]:
        os.write(fd, bytes(n))
    os.writev(1, [b"x"])
"""


class Writer:
    def __init__(self, *sizes):
        self.sizes = sizes
        self.process = tap.start(sys.executable, "-c", _CODE, stdin=subprocess.PIPE)
        self.pid = self.process.pid

    def write(self, *sizes, comm=None, cpu=None):
        """All of it once, and it is done when this returns. @comm: as which task, from now on; @cpu: where."""
        self.process.stdin.write(json.dumps({"sizes": sizes or self.sizes, "comm": comm, "cpu": cpu}) + "\n")
        self.process.stdin.flush()
        tap.equal(self.process.stdout.read(1), "x", "what it says when it has written")
        return self
