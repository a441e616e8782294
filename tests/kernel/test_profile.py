# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""profile: what ran, by its stacks, against a program that does nothing else than run.

Without these, a flame graph could name functions that never ran, or not open.
"""
import csv
import io
import json
import os
import re
import stat
import shutil
import xml.etree.ElementTree

import tap
from tool import Tool

BURN = """
#include <unistd.h>
volatile unsigned long x;
__attribute__((noinline, noclone)) void burn_inner(void) { for (int i = 0; i < 10000; i++) x += i; }
__attribute__((noinline, noclone)) void burn_outer(void) { for (int i = 0; i < 10000; i++) { burn_inner(); x++; } }
__attribute__((noinline, noclone)) void burn_other(void) { for (int i = 0; i < 100000000; i++) x += i; }
int main(int argc, char **argv) { for (;;) { burn_outer(); x++; if (argc > 1) burn_other(); } }
"""


# Behind the script of the graph: what a user does, and what he sees then.
CLICK = """<script><![CDATA[
var root = document.documentElement, of = function (name) {
	return [].slice.call(document.querySelectorAll('#f>g')).filter(function (g) { return g.querySelector('title').textContent.indexOf(name + ':') == 0; })[0];
};
var g = of('burn_inner'), width = function () { return g.querySelector('rect').getBoundingClientRect().width; };
root.setAttribute('data-before', width());
g.dispatchEvent(new MouseEvent('click', { bubbles: true }));
root.setAttribute('data-after', width());
root.setAttribute('data-text', g.querySelector('text').textContent);
root.setAttribute('data-hidden', [].slice.call(document.querySelectorAll('#f>g')).filter(function (g) { return g.style.display == 'none'; }).length);
root.dispatchEvent(new MouseEvent('click'));
root.setAttribute('data-back', width());
]]></script>
"""


def burner(*flags, words=()):
    """A process that is in one function, mostly; with a word in two of them."""
    tap.need_root()
    path = os.path.join(tap.folder(), "emf<burn>")
    with open(path + ".c", "w") as f:
        f.write(BURN)
    done = tap.run(shutil.which("cc") or "gcc", "-O0", *flags, "-o", path, path + ".c")  # each function has a frame pointer then
    tap.equal(done.returncode, 0, f"the compiler ({done.stderr})")
    return tap.start(path, *words)


def profiled(process, *options):
    tool = Tool("run", "profile", "-p", str(process.pid), "-F", "199", "-d", "2", *options)
    tap.equal((tool.process.wait(timeout=60), tool.err), (0, ""), "exit status and messages")
    return tool.out


def test_folded_stacks_name_what_ran_from_the_outermost_to_the_innermost():
    lines = [re.fullmatch(r"(.*) (\d+)", line).groups() for line in profiled(burner(), "--folded", "--user-only").splitlines()]
    inner = sum(int(n) for stack, n in lines if stack.endswith(";main;burn_outer;burn_inner"))
    whole = sum(int(n) for stack, n in lines)
    tap.equal({stack.split(";")[0] for stack, n in lines}, {"emf<burn>"}, "processes")
    tap.equal((inner * 10 > whole * 9, whole > 30), (True, True), f"samples in the inner function, of {whole} ({lines})")


def test_a_stripped_program_has_the_name_of_its_file_instead():
    out = profiled(burner("-s"), "--folded", "--user-only")
    tap.contains(out, "[emf<burn>];[emf<burn>];[emf<burn>]")


def test_json_has_both_sides_of_a_stack():
    rows = [json.loads(line) for line in profiled(burner(), "-j").splitlines()]
    most = rows[-1]
    tap.equal((most["module"], most["event"], most["args"]["comm"], most["args"]["user"][-2:], most["args"]["kernel"]),
              ("profile", "stack", "emf<burn>", ["burn_outer", "burn_inner"], []), f"the stack with the most samples ({most})")


def test_a_flame_graph_is_as_wide_as_what_it_shows():
    path = os.path.join(tap.folder(), "flame.svg")
    profiled(burner(), "--svg", path, "--user-only")
    svg = xml.etree.ElementTree.parse(path).getroot()
    space = {"s": "http://www.w3.org/2000/svg"}
    widths = {}
    for group in svg.findall("s:g/s:g", space):
        name = group.find("s:title", space).text.split(": ")[0]
        widths[name] = widths.get(name, 0) + float(group.find("s:rect", space).get("width"))
    tap.equal((widths["all"], widths["emf<burn>"]), (1200, 1200), f"the whole and the process ({widths})")
    tap.equal(widths["burn_inner"] > 1000, True, f"the function ({widths})")
    tap.equal([name for name in os.listdir(os.path.dirname(path)) if name.endswith(".part")], [], "files that stay beside it")


def test_a_browser_shows_a_flame_graph_and_a_click_makes_a_function_as_wide_as_the_picture():
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if not browser:
        raise tap.Skip("no chromium is installed, in which flame graphs are looked at")
    folder = tap.folder()
    path = os.path.join(folder, "flame.svg")
    profiled(burner(words=("both",)), "--svg", path, "--user-only")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    page = os.path.join(folder, "clicked.svg")
    with open(page, "w", encoding="utf-8") as f:
        f.write(text.replace("</svg>", CLICK + "</svg>"))
    words = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/browser", "--dump-dom"]
    done = tap.run(browser, *words, f"file://{page}", timeout=tap.PATIENCE)
    found = re.search(r'data-before="([\d.]+)" data-after="([\d.]+)" data-text="(\w+)" data-hidden="(\d+)" data-back="([\d.]+)"', done.stdout)
    tap.equal(bool(found), True, f"what the browser made of it ({done.stdout[-400:]} {done.stderr[-400:]})")
    before, after, name, hidden, back = found.groups()
    tap.equal((float(before) < 1200, float(after), name, int(hidden) > 0, back), (True, 1200.0, "burn_inner", True, before),
              f"widths before the click ({before}), after it, and after one beside it; its text; whether others are hidden ({hidden})")


def test_a_flame_graph_takes_the_place_of_files_only_and_a_full_disk_is_a_failure():
    tap.need_root()
    at = tap.folder()
    fifo, link = os.path.join(at, "fifo"), os.path.join(at, "link")
    os.mkfifo(fifo)
    os.symlink("nothing", link)
    for path in (fifo, link):
        done = tap.run(tap.PRODUCT, "profile", "-d", "100ms", "--svg", path)
        tap.equal(done.returncode, 2, f"exit status for {path}")
        tap.contains(done.stderr, f"--svg: '{path}' cannot be written: it is there, and no regular file")
    tap.equal((stat.S_ISFIFO(os.lstat(fifo).st_mode), os.readlink(link)), (True, "nothing"), "what stays")
    script = 'mount -t tmpfs -o size=4k none "$1" && head -c 4096 /dev/zero >"$1/full" && exec "$2" profile -d 1 --svg "$1/x.svg"'
    done = tap.run("unshare", "-m", "sh", "-c", script, "sh", at, tap.PRODUCT)
    tap.equal(done.returncode, 1, "exit status for a full disk")
    tap.contains(done.stderr, "was not written: No space left on device")


def test_what_cannot_be_is_said_before_anything_runs():
    tap.need_root()
    done = tap.run(tap.PRODUCT, "run", "profile", "-U", "-K")
    tap.equal((done.returncode, done.stdout), (2, ""), "exit status and output")
    tap.equal(done.stderr, "profile: --user-only and --kernel-only together leave nothing to show\n", "all that is said")
    folder = tap.folder()
    for path, why in ((folder + "/none/x.svg", "No such file or directory"), (folder, "Is a directory")):
        done = tap.run(tap.PRODUCT, "run", "profile", "-d", "100ms", "--svg", path)
        tap.equal((done.returncode, done.stderr), (2, f"profile: --svg: '{path}' cannot be written: {why}\n"), "exit status and messages")
    tap.equal(os.listdir(folder), [], "what the try leaves")
    for form in ((), ("--folded",)):
        done = tap.run(tap.PRODUCT, "run", "profile", "--columns", "pid", *form)
        tap.equal((done.returncode, done.stderr), (2, "profile: --columns: stacks have columns with --json and --csv only\n"), f"with {form}")
    for word, *form in (("svg", "--csv", "--svg", folder + "/x.svg"), ("folded", "-j", "--folded")):
        done = tap.run(tap.PRODUCT, "run", "profile", *form)
        tap.equal((done.returncode, done.stderr), (2, f"profile: --{word} is a form of its own: leave out --json and --csv\n"), f"with {form}")


def test_csv_has_each_side_in_a_cell_and_columns_choose():
    rows = list(csv.DictReader(io.StringIO(profiled(burner(), "--csv"))))
    tap.equal(list(rows[-1]), ["pid", "comm", "user", "kernel", "samples"], "the heading")
    tap.equal((rows[-1]["comm"], rows[-1]["user"].endswith(";main;burn_outer;burn_inner"), int(rows[-1]["samples"]) > 30), ("emf<burn>", True, True),
              f"the stack with the most samples ({rows[-1]})")
    rows = [json.loads(line)["args"] for line in profiled(burner(), "-j", "--columns", "samples,user").splitlines()]
    tap.equal(list(rows[-1]), ["samples", "user"], "members of JSON")


def test_filters_are_on_the_process_of_a_stack():
    one, other = burner(), burner()
    tool = Tool("run", "profile", "-j", "-F", "199", "-d", "2", "--filter", f"pid == {one.pid} || pid == {other.pid}")
    tap.equal(tool.process.wait(timeout=60), 0, f"exit status ({tool.err})")
    tap.equal({json.loads(line)["args"]["pid"] for line in tool.out.splitlines()}, {one.pid, other.pid}, "processes")
    tool = Tool("run", "profile", "-j", "-F", "199", "-d", "2", "--comm", "emf<b*", "--filter", f"pid != {other.pid}")
    tap.equal(tool.process.wait(timeout=60), 0, f"exit status ({tool.err})")
    tap.equal({(a["pid"], a["comm"]) for a in (json.loads(line)["args"] for line in tool.out.splitlines())}, {(one.pid, "emf<burn>")}, "processes")


tap.main()
