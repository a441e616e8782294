"""The tutorial of README.md, run as it is written there."""
import os
import re

import scratch
import tap

_CODE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks_of(heading):
    """The shell blocks of one section."""
    with open(os.path.join(tap.SOURCE, "README.md"), encoding="utf-8") as f:
        text = f.read()
    section = text.split(f"\n## {heading}", 1)[1].split("\n## ", 1)[0]
    return section, [code for language, code in _CODE.findall(section) if not language]


def test_the_first_tutorial_works_as_written():
    _, blocks = blocks_of("Your first module")
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


def test_a_tool_of_one_file_works_as_written():
    section, blocks = blocks_of("A tool in 20 lines of one file")
    tap.equal(len(blocks), 2, "blocks")
    src = scratch.source(tap.folder())
    scratch.Build(src, src)
    tap.need_root()
    env = dict(os.environ, EMF_BUS=os.path.join(src, "bus.sock"))  # not the socket of a product that runs on this machine
    out = scratch.must("bash", "-ec", blocks[0], cwd=src, env=env)
    tap.contains(out, "--min-status NUMBER       lowest status that is shown (default 1)")
    example = re.search(r'`(\{"module".*?)`', section).group(1)
    for status in (3, 40):
        line = re.escape(example).replace("4711", r"\d+").replace(":3,", f":{status},")
        if not re.search(f"^{line}$", out, re.MULTILINE):
            raise AssertionError(f"no line like {line}:\n{out}")
    tap.contains(out, "    PID  STATUS COMM\n", "the heading")
    code = re.search(r"<<'END'\n(.*?)^END$", blocks[0], re.MULTILINE | re.DOTALL).group(1)
    tap.equal(len([line for line in code.splitlines() if line]) <= 20, True, "20 lines")
    out = scratch.must("bash", "-ec", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n" + blocks[1], cwd=src, env=env)
    if not re.search(r"^failures\.failure pid=\d+ status=\d+ comm=\S+$", out, re.MULTILINE):
        raise AssertionError(f"no signal was heard:\n{out}")
    if not re.search(r"^emf_failures_failure_total [1-9]\d*$", out, re.MULTILINE):
        raise AssertionError(f"no event was counted:\n{out}")


def test_the_second_tutorial_works_as_written():
    section, blocks = blocks_of("Your second module")
    tap.equal(len(blocks), 3, "shell blocks")
    src = scratch.source(tap.folder())
    scratch.Build(src, src)
    # Not the socket of a product that runs on this machine.
    env = dict(os.environ, EMF_BUS=os.path.join(src, "bus.sock"))
    out = [scratch.must("bash", "-ec", block, cwd=src, env=env) for block in blocks]
    if not re.search(r"^greeter\b.*answer the calls of service greeter", out[0], re.MULTILINE):
        raise AssertionError(f"the new module is not listed:\n{out[0]}")
    tap.equal(out[1].splitlines()[-2:], ["greeting number 1", "hello, world"], "what the caller printed")
    for line in ("text  hello, you", '  "text": "hello, me"', "greeter.greeted times=1"):
        tap.contains("\n" + out[2], f"\n{line}\n", "what the shell printed")
    # What the text shows is what was written.
    shown = re.search(r"^```emf\n(.*?)^```$", section, re.MULTILINE | re.DOTALL).group(1)
    with open(os.path.join(src, "modules", "greeter.emf"), encoding="utf-8") as f:
        tap.equal(f.read(), shown, "greeter.emf")
    # Without its provider the caller cannot be built.
    os.unlink(os.path.join(src, "modules", "greeter.c"))
    done = tap.run("make", cwd=src, timeout=600)
    if "greeter_serve_hello" not in done.stdout + done.stderr or not done.returncode:
        raise AssertionError(f"what is owed is not named:\n{done.stdout}{done.stderr}")


def test_a_fresh_clone_is_built_as_the_section_about_building_says():
    _, blocks = blocks_of("Building")
    line = next(line for line in blocks[0].splitlines() if "make install" in line)
    src = scratch.source(tap.folder())
    for name in ("configure", "Makefile.in", "aclocal.m4"):
        os.unlink(os.path.join(src, name))
    scratch.must("sh", "-ec", line.replace("make install", "make install DESTDIR=there"), cwd=src)
    tap.equal(os.path.exists(os.path.join(src, "there", "usr", "local", "bin", "emf")), True, "the product is installed")


tap.main()
