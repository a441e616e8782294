# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Each module of a product has a manual page, which has all that its help has.

Without these, a new tool, or one that somebody drops in, would be installed without a
page, or its page would tell of options that it does not have.
"""
import glob
import os
import re
import shutil

import command_pages
import scratch
import tap

# Of every tool; those that a parameter can stand behind are told by the tools that have it.
OPTION = re.compile(r"^ +(?:(-\w), |    )(--[\w.-]+)", re.MULTILINE)

ALONE = """#include <emf/bpf.h>
char LICENSE[] SEC("license") = "GPL";
EMF_DOC("tells of things that are alone");
const volatile __u32 least = 7;
EMF_PARAM(least, "those that are smaller are not told");
enum mood { CALM, WILD };
const volatile enum mood mood = WILD;
struct thing { __u32 pid; enum mood mood; char comm[16]; };
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } things SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 16); __type(key, __u32); __type(value, __u64); } dist SEC(".maps");
EMF_HIST(dist, "usecs");
SEC("raw_tp/sched_switch")
int on_it(void *ctx)
{
	struct thing thing = { .pid = least, .mood = mood };

	bpf_ringbuf_output(&things, &thing, sizeof(thing), 0);
	return 0;
}
"""


def words(page):
    """What a page says, without escapes and requests."""
    with open(page, encoding="utf-8") as f:
        text = re.sub(r"\\f.|\\&", "", f.read()).replace("\\-", "-")
    return " ".join(re.sub(r"^\.\w+ ?", "", text, flags=re.MULTILINE).split())


def lint(path):
    if shutil.which("mandoc"):
        tap.equal(tap.run("mandoc", "-T", "lint", "-W", "warning", path).stdout, "", f"mandoc of {path}")
    if shutil.which("man"):
        done = tap.run("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", path, env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
        tap.equal((done.returncode, done.stderr), (0, ""), f"man of {path}")


def options(product, module):
    """Of its own, as its help has them: letters and names."""
    text = tap.run(product, module, "--help").stdout.split("\nOptions:\n")[0]
    return {name for found in OPTION.findall(text) for name in found if name}


@scratch.once
def ours(_parent):
    """The product of this build, with its pages as they are now."""
    build = scratch.Built(tap.SOURCE, tap.BUILD)
    build.make("pages")
    return build


@scratch.once
def small(parent):
    """One of few modules, in a tree of its own."""
    src = scratch.source(parent)
    for name in os.listdir(os.path.join(src, "modules")):
        if not name.endswith(".h") and not name.startswith("hello."):
            os.unlink(os.path.join(src, "modules", name))
    build = scratch.Build(src, os.path.join(parent, "build"), "--enable-werror", "--with-product=net-top")
    build.make()
    return build


def pages(build, product):
    folder = os.path.join(build.path, "obj", "pages")
    return {name[len(product) + 1:-len(".8")]: os.path.join(folder, name) for name in os.listdir(folder) if name.startswith(product + "-") and name.endswith(".8")}


def drop(name, text):
    path = os.path.join(small().src, "modules", name)
    scratch.write(path, text)
    tap.cleanup(lambda: os.path.exists(path) and os.unlink(path))
    return path


def test_every_module_of_the_product_has_a_page_and_no_other_has():
    modules = {name for name, m in ours().modules().items() if m["kind"] != "chain"}
    extensions = {name[:-len(".emf")] for name in os.listdir(os.path.join(tap.SOURCE, "dynamic")) if name.endswith(".emf")}
    tap.equal(set(pages(ours(), "emf")), modules | extensions, "pages")


def test_every_page_can_be_read_without_a_warning():
    for path in [os.path.join(tap.BUILD, "obj", "emf.8"), *pages(ours(), "emf").values()]:
        lint(path)


def test_every_page_names_each_option_that_the_help_of_its_tool_names():
    named = 0
    for name in ours().modules():
        if name in pages(ours(), "emf"):
            page = words(pages(ours(), "emf")[name])
            told = options(ours().product(), name)
            named += len(told)
            tap.equal({o for o in told if not re.search(rf"(?<![\w-]){re.escape(o)}(?![\w-])", page)},
                      set(), f"options that {name}'s page lacks")
    tap.equal(named > 60, True, "options were found")


def test_no_page_names_an_option_that_its_tool_does_not_have():
    for name, path in pages(ours(), "emf").items():
        if name not in ours().modules():
            continue  # an extension is not loaded from here
        with open(path, encoding="utf-8") as f:
            section = f.read().split('.SH "OPTIONS"')[1].split(".SH")[0]
        named = set(re.findall(r"^\\fB(?:\\-\w\\fR, \\fB)?(\\-\\-[\w.\\-]+?)\\fR", section, re.MULTILINE))
        text = tap.run(ours().product(), name, "--help").stdout
        tap.equal({o for o in (n.replace("\\-", "-") for n in named) if not re.search(rf"(?<![\w-]){re.escape(o)}(?![\w-])", text)}, set(),
                  f"options that {name} does not have")


def test_every_tool_of_the_collection_has_a_text_with_an_example():
    for name in pages(ours(), "emf"):
        with open(os.path.join(tap.SOURCE, "docs", "tools", name + ".md"), encoding="utf-8") as f:
            text = f.read()
        for part in (f"# {name}\n", "\n## Examples\n", f"emf {name}" if name not in ("fetch", "parse", "prometheus", "signature") else f" {name} "):
            tap.contains(text, part, f"docs/tools/{name}.md")


def test_the_manual_of_the_product_lists_each_of_them():
    with open(os.path.join(tap.BUILD, "obj", "emf.8"), encoding="utf-8") as f:
        section = f.read().split(".SH TOOLS")[1].split(".SH")[0]
    tap.equal(set(re.findall(r"^\\fB(\w+)\\fR$", section, re.MULTILINE)), set(pages(ours(), "emf")), "tools of emf(8)")


def test_a_kernel_part_alone_that_is_dropped_in_has_a_page_of_what_is_found_in_it():
    drop("lone.bpf.c", ALONE)
    small().make("all", "pages")
    path = pages(small(), "net-top")["lone"]
    lint(path)
    page = words(path)
    for part in ("net-top-lone - tells of things that are alone", "net-top lone [OPTIONS]",
                 "--least NUMBER Those that are smaller are not told. Default: 7.", "--mood NAME One of CALM, WILD. Default: WILD.",
                 "-i, --interval TIME", "From 0 to 24h.", "thing An event.", "mood (enum) One of CALM, WILD.", "comm (comm)",
                 "dist A histogram in usecs.", "net-top listen lone.thing",
                 "emf_lone_thing_total A counter", "emf_lone_dist_seconds A histogram"):
        tap.contains(page, part, "the page")
    tap.equal({o for o in options(small().product("net-top"), "lone") if o not in page}, set(), "options that the page lacks")
    tap.contains(tap.run(small().product("net-top"), "list").stdout, "tells of things that are alone")


def test_the_help_of_a_tool_names_no_option_that_does_nothing_there():
    drop("mute.bpf.c", '#include <emf/bpf.h>\nchar LICENSE[] SEC("license") = "GPL";\nSEC("raw_tp/sched_switch")\nint on_it(void *ctx) { return 0; }\n')
    small().make()
    options_ = {name: set(re.findall(r"--[\w-]+", tap.run(small().product("net-top"), *name.split(), "--help").stdout)) for name in ("mute", "hello", "run")}
    tap.equal(options_["run"] - options_["hello"], {"--replace", "--place"}, "options of chains alone")
    tap.equal(options_["hello"] - options_["mute"] >= {"--json", "--csv", "--columns", "--event", "--filter", "--count"}, True, "options of what is printed")
    tap.equal({"--duration", "--log", "--pid"} - options_["mute"], set(), "options that a tool without events lacks")
    tap.equal(tap.run(small().product("net-top"), "mute", "--json", "--place", "last", "--help").returncode, 0, "status with options that are not told")


def test_a_private_module_brings_its_text_along_and_takes_it_away():
    drop("lone.bpf.c", ALONE)
    text = drop("lone.md", "# lone\n\nOf things that have nobody.\n\n## Examples\n\nOne at a time:\n\n```\n# emf lone --least 1\n```\n")
    small().make("all", "pages")
    page = words(pages(small(), "net-top")["lone"])
    for part in ('"DESCRIPTION" Of things that have nobody. "OPTIONS"', "One at a time:", "# net-top lone --least 1"):
        tap.contains(page, part, "the page")
    scratch.write(text, "# lone\n\nAnother text.\n")
    small().make("pages")
    tap.contains(words(pages(small(), "net-top")["lone"]), "Another text.", "the page after a change")
    os.unlink(text)
    os.unlink(os.path.join(small().src, "modules", "lone.bpf.c"))
    small().make("all", "pages")
    tap.equal("lone" in pages(small(), "net-top"), False, "the page of a module that is gone")
    tap.contains(small().make("all", "pages"), "Nothing to be done")


def test_a_change_of_a_module_does_not_make_the_pages_until_they_are_asked_for():
    drop("lone.bpf.c", ALONE)
    small().make()
    tap.equal("lone" in pages(small(), "net-top"), False, "a page that nobody asked for")
    at = tap.folder()
    small().make("install", f"DESTDIR={at}")
    tap.equal("lone" in pages(small(), "net-top"), True, "a page after install")


def test_pages_are_installed_beside_those_of_other_products_and_only_they_go():
    at = tap.folder()
    small().make("install", f"DESTDIR={at}", "prefix=/usr")
    folder = os.path.join(at, "usr", "share", "man", "man8")
    wanted = {"net-top.8"} | {os.path.basename(p) for p in pages(small(), "net-top").values()}
    tap.equal(set(os.listdir(folder)), wanted, "installed pages")
    scratch.write(os.path.join(folder, "net-top-two.8"), "of product net-top-two\n")
    small().make("uninstall", f"DESTDIR={at}", "prefix=/usr")
    tap.equal(os.listdir(folder), ["net-top-two.8"], "pages that are left")


# --- section 3 and 5 ------------------------------------------------------------------------------


def test_each_public_function_has_a_page_that_says_what_its_header_does():
    folder = os.path.join(tap.BUILD, "obj", "man3")
    functions = set()
    for name in glob.glob(os.path.join(tap.SOURCE, "include", "emf", "*.h")):
        with open(name) as f:
            functions |= set(re.findall(r"^EMF_API [^;(]*?\b(\w+)\(", f.read(), re.MULTILINE))
    pages = {name[:-2] for name in os.listdir(folder)}
    tap.equal(functions - pages, set(), "functions without a page")
    said = words(os.path.join(folder, "emf_fd_add.3"))
    for part in ("emf_fd_add - watch a file descriptor", "#include <emf/loop.h>", "int emf_fd_add(struct module *m, struct emf_fd *fd);", "loop thread.",
                 "0; -EINVAL if it was added already or has no handler; or what epoll_ctl(2) reports: -EBADF, -EPERM for a regular file, -EEXIST, -ENOSPC."):
        tap.contains(said, part, "the page")


def test_pages_of_section_3_are_as_man_wants_them():
    folder = os.path.join(tap.BUILD, "obj", "man3")
    paths = sorted(glob.glob(os.path.join(folder, "*.3")))
    if shutil.which("mandoc"):
        tap.equal(tap.run("mandoc", "-T", "lint", "-W", "warning", *paths).stdout, "", "what mandoc says")
    for name in ("emf_fd.3", "emf_timer_start.3", "EMF_PARAM.3", "struct_module.3"):
        lint(os.path.join(folder, name))


def test_pages_of_files_are_as_man_wants_them_and_have_every_key():
    for name in ("emf.conf.5", "emf-acl.5"):
        lint(os.path.join(tap.BUILD, "obj", name))
    with open(os.path.join(tap.SOURCE, "packaging", "conf", "product.conf.in")) as f:
        keys = set(re.findall(r"^#([a-z-]+) = ", f.read(), re.MULTILINE))
    said = words(os.path.join(tap.BUILD, "obj", "emf.conf.5"))
    tap.equal(len(keys) > 5, True, "whether there are keys")
    tap.equal({key for key in keys if f'{key} " = ' not in said}, set(), "keys that the page does not tell of")


# --- commands -------------------------------------------------------------------------------------


def test_each_command_is_on_the_page_of_one_group():
    told = [name for group in command_pages.GROUPS.values() for name in group]
    tap.equal(sorted(told), sorted(set(command_pages.commands(ours().product())) - command_pages.WITHOUT_OPTIONS), "commands of the pages")


def test_the_page_of_a_group_says_what_the_help_of_its_commands_says():
    for group, names in command_pages.GROUPS.items():
        text = command_pages.text_of(group)
        for name in names:
            before, is_, after = command_pages.between(text, name)
            wanted = command_pages.part(ours().product(), name)
            if os.environ.get("UPDATE_GOLDEN"):
                text = before + wanted + after
            else:
                tap.equal(is_, wanted, f"what emf-{group}(1) says of {name} (UPDATE_GOLDEN=1 writes it anew)")
        if os.environ.get("UPDATE_GOLDEN"):
            scratch.write(command_pages.path(group), text)


def test_pages_of_groups_are_as_man_wants_them():
    for group in command_pages.GROUPS:
        lint(os.path.join(tap.BUILD, "obj", f"emf-{group}.1"))


tap.main()
