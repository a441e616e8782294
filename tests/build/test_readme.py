"""The tutorial of README.md, run as it is written there."""
import os
import re

import scratch
import tap

_CODE = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_tutorial_works_as_written():
    with open(os.path.join(tap.SOURCE, "README.md"), encoding="utf-8") as f:
        blocks = [b for b in _CODE.findall(f.read()) if b.startswith("cat >modules/")]
    tap.equal(len(blocks), 2, "blocks that make files")
    src = scratch.source(tap.folder())
    build = scratch.Build(src, src)
    build.make()
    tap.need_root()
    for block in blocks:
        out = scratch.must("sh", "-ec", block, cwd=src)
    counted = re.search(r"^(\d+) context switches$", out, re.MULTILINE)
    if not counted or int(counted.group(1)) == 0:
        raise AssertionError(f"no context switches were counted:\n{out}")
    made = re.findall(r"^cat >(modules/\S+)", "".join(blocks), re.MULTILINE)
    for path in made:
        os.unlink(os.path.join(src, path))
    build.make()
    tap.equal("switches" in build.modules(), False, "the module stays without its files")


tap.main()
