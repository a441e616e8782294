# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Commands of a page of docs/, and what runs them as a reader would."""
import os
import re
import signal
import subprocess

import tap
from tool import held, until


def commands(page):
    """Of each block of commands the lines behind $ and #, without remarks and what they print."""
    with open(os.path.join(tap.SOURCE, "docs", page), encoding="utf-8") as f:
        blocks = re.findall(r"^```\n([$#] .*?)^```", f.read(), re.MULTILINE | re.DOTALL)
    return [[re.sub(r" {2,}# .*", "", line[2:]).rstrip() for line in block.splitlines() if line[:2] in ("$ ", "# ")] for block in blocks]


class Reader:
    """Tries commands in a folder, with these programs first in the path."""

    def __init__(self, folder, *path, **env):
        self.folder = folder
        self.env = {**os.environ, **env, "PATH": ":".join([*path, os.environ["PATH"]])}

    def tries(self, command):
        done = tap.run("sh", "-ec", command, cwd=self.folder, env=self.env, timeout=600)
        tap.equal((done.returncode, done.stderr), (0, ""), f"exit status and messages of '{command}'")
        return done.stdout

    def interrupts(self, command):
        """What runs until Ctrl-C, which comes when its programs are there."""
        process = tap.start("sh", "-ec", "exec " + command, cwd=self.folder, env=self.env)
        until(lambda: held(process.pid, "prog") or process.poll() is not None, f"programs of '{command}'")
        until(lambda: is_caught(process.pid, signal.SIGINT) or process.poll() is not None, f"'{command}' to run")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=tap.PATIENCE)
        tap.equal((process.returncode, [line for line in err.splitlines() if "seen" not in line]), (0, []), f"exit status and messages of '{command}'")
        return out

    def serves(self, *words, **kwargs):
        process = tap.start("emf", "serve", *words, cwd=self.folder, env=self.env, stdout=subprocess.DEVNULL, **kwargs)
        until(lambda: not tap.run("emf", "status", env=self.env).returncode, "a service")
        return process


def is_caught(pid, signo):
    """Before that a signal would end it otherwise."""
    with open(f"/proc/{pid}/status") as f:
        mask = next(int(line.split()[1], 16) for line in f if line.startswith("SigCgt"))
    return bool(mask & 1 << signo - 1)
