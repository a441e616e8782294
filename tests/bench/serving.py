# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A product that serves while it is measured."""
import os
import subprocess
import time

from report import NotMeasured

import bus_bench

PATIENCE = 20


class Serving:
    """Runs @words while the block does, from when @answers, a command, is done by it."""

    def __init__(self, words, socket, answers):
        self.words, self.answers = words, answers
        self.env = dict(os.environ, EMF_BUS=socket)
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(self.words, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + PATIENCE
        while subprocess.run(self.answers, env=self.env, check=False, capture_output=True).returncode:
            if self.process.poll() is not None or time.monotonic() > end:
                raise NotMeasured(f"{' '.join(self.words)} does not answer: {self.end()}")
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        """Returns what it said."""
        self.process.terminate()
        return self.process.communicate(timeout=PATIENCE)[1]

    def run(self, *words):
        return bus_bench.run(*words, env=self.env)
