# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Packages of eunomia-bpf run as they are: options, records, histograms and tables; what cannot be done is an error that names the field.

Without these, a package from elsewhere would start and do something else than it says, or nothing.
"""
import base64
import json
import os
import re
import signal
import sys
import tempfile
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import eunomia  # noqa: E402 - the path has to be set first
import scratch  # noqa: E402
import tap  # noqa: E402
from netns import Pair  # noqa: E402
from tool import Tool, held, opened, spawn, until  # noqa: E402

UNSIGNED = "--allow-unsigned"


@scratch.once
def kernel(parent):
    return eunomia.Kernel(eunomia.compiled(eunomia.SOURCE, os.path.join(parent, "tool.o")))


@scratch.once
def kernel_of_xdp(parent):
    return eunomia.Kernel(eunomia.compiled(eunomia.SOURCE, os.path.join(parent, "tool.o"), "-DXDP"))


@scratch.once
def kernel_of_tc(parent):
    return eunomia.Kernel(eunomia.compiled(eunomia.SOURCE, os.path.join(parent, "tool.o"), "-DTC"))


def a_tool():
    return eunomia.Tool(kernel())


def an_xdp_tool(**change):
    tool = eunomia.Tool(kernel_of_xdp())
    tool.skel["progs"].append({**eunomia.XDP, **change})
    return tool


def written(tool):
    return tool.write(os.path.join(tap.folder(), "tool.json"))


def running(tool, *words):
    tap.need_root()
    return Tool("run", written(tool), UNSIGNED, *words).ready()


def first_row(tool, *words):
    """What it prints of a program that starts."""
    one = running(tool, "-j", *words)
    try:
        def sent():
            spawn("/bin/true")
            return [line for line in one.out.splitlines() if line.startswith("{") and '"true"' in line]

        row = json.loads(until(sent, f"a row: {one.err}")[0])
    finally:
        status = one.stop()
    tap.equal(status, 0, f"exit status ({one.err})")
    row.pop("time", None)
    return row


def refused(text, *sentences):
    """One line, exit status 1."""
    path = os.path.join(tap.folder(), "x.json")
    scratch.write(path, text)
    done = tap.run(tap.PRODUCT, "run", path, UNSIGNED, "-d", "1")
    tap.equal((done.returncode, done.stdout, done.stderr.count("\n")), (1, "", 1), f"exit status, output, lines ({done.stderr})")
    for sentence in sentences:
        tap.contains(done.stderr, sentence)


def is_refused(change, *sentences):
    tool = a_tool()
    change(tool)
    refused(eunomia.package(kernel().data, tool.meta), *sentences)


def event_of(row):
    return row.get("args", row)


def a_tc_tool(**change):
    tool = eunomia.Tool(kernel_of_tc())
    tool.skel["progs"].append({**eunomia.TC, **change})
    return tool


# --- options


def test_variables_are_options_with_the_names_letters_and_texts_of_the_meta():
    text = tap.run(tap.PRODUCT, "run", written(a_tool()), UNSIGNED, "--help").stdout
    for part in ("a tool. and more of it.", "--wanted NUMBER", "what is sent (default 7)", "-l, --large NUMBER", "a large one (default 5)", "--plain", "--disable-on",
                 "--enable-off", "--text TEXT", "(default as compiled)", "--counted NUMBER"):
        tap.contains(text, part)
    for part in ("dummy", "--on", "--off", "fraction"):
        tap.equal(part in text, False, f"whether {part} is there")


def test_defaults_are_those_of_the_meta_and_then_those_of_the_kernel_part():
    e = event_of(first_row(a_tool()))
    tap.equal((e["pid"], e["big"], e["flags"], e["text"]), (7, 5, 3, "as compiled"), "numbers and text")
    tap.equal((e["plain"], e["on"], e["off"]), (False, True, False), "a bool without a default is false, whatever was compiled")


def test_options_reach_constants_and_variables():
    e = event_of(first_row(a_tool(), "--wanted=-12", "-l", "18446744073709551615", "--text", "mine", "--counted=9", "--plain", "--disable-on", "--enable-off"))
    tap.equal((e["pid"], e["big"], e["flags"], e["text"]), (-12, "18446744073709551615", 9, "mine"), "numbers and text")
    tap.equal((e["plain"], e["on"], e["off"]), (True, False, True), "each bool")


def test_an_option_is_understood_as_its_variable_is_written():
    tool = a_tool()
    tool.variable("wanted")["cmdarg"] = {"long": "what_is_wanted"}
    for word in ("--what_is_wanted=1", "--what-is-wanted=1"):
        tap.equal(event_of(first_row(tool, word))["pid"], 1, word)


def test_an_option_that_is_no_number_of_its_type_is_refused():
    done = tap.run(tap.PRODUCT, "run", written(a_tool()), UNSIGNED, "--wanted=3000000000", "-d", "1")
    tap.equal(done.returncode, 2, "exit status")
    tap.contains(done.stderr, "wanted")


def test_a_default_that_its_variable_cannot_have_is_refused():
    for value in ("x", 3000000000, True, 1.5, [1], {}):
        is_refused(lambda t, v=value: t.variable("wanted").update(value=v), "bpf_skel.data_sections[0].variables[0]: the default of wanted is none")
    is_refused(lambda t: t.variable("on").update(value=1), "the default of on is none")
    is_refused(lambda t: t.variable("text").update(value="x" * 16), "the default of text is none")
    is_refused(lambda t: t.variable("fraction").update(value=1.5), "fraction is of a type that no option can have")


def test_a_variable_that_is_not_there_or_in_another_section_is_refused():
    is_refused(lambda t: t.variable("wanted").update(name="wonted"), "the kernel part has no variable wonted in .rodata")
    is_refused(lambda t: t.skel["data_sections"][0].update(name=".data"), "bpf_skel.data_sections[0].name is .data")
    is_refused(lambda t: t.variable("wanted").update(type="bool"), "bpf_skel.data_sections[0].variables[0].type is not what the kernel part says")
    is_refused(lambda t: t.variable("wanted").update(cmdarg={"long": "text"}), "two options are named --text")
    is_refused(lambda t: t.variable("wanted").update(cmdarg={"short": "l"}), "two options are named -l")
    is_refused(lambda t: t.variable("wanted").update(cmdarg={"short": "ab"}), "cmdarg.short is to be one letter")


# --- records

EVENT = {"pid": 7, "flags": 3, "big": 5, "comm": "true", "text": "as compiled", "what": "SECOND", "in": [{"a": 1, "b": -2}, {"a": 3, "b": 4}],
         "plain": False, "on": True, "off": False}


def test_records_of_a_ring_are_printed_by_their_struct():
    tap.equal(event_of(first_row(a_tool())), EVENT, "a record")


def test_records_of_a_perf_buffer_are_printed_by_their_struct():
    tool = a_tool()
    tool.prints_only("perf")
    tool.meta["perf_buffer_pages"] = 4
    tap.equal(event_of(first_row(tool)), EVENT, "a record")


def test_text_has_a_heading_and_a_row_for_each_record():
    one = running(a_tool())
    until(lambda: spawn("/bin/true") and "SECOND" in one.out, "a row")
    tap.equal(one.stop(), 0, "exit status")
    tap.contains(one.out.splitlines()[0], "PID")


def test_several_maps_are_printed_each_with_its_type():
    tool = a_tool()
    tool.meta.update(enable_multiple_export_types=True, export_types=[])
    tool.map("ring")["export_config"] = {"btf_type_id": kernel().type("event")}
    tool.map("perf")["export_config"] = {"custom_members": [{"name": "first", "offset": 0, "btf_type_id": kernel().number("int")},
                                                            {"name": "third", "offset": 8, "btf_type_id": kernel().number("unsigned long long")}]}
    one = running(tool, "-j")
    rows = until(lambda: spawn("/bin/true") and {json.dumps(event_of(json.loads(r)), sort_keys=True) for r in one.out.splitlines()} if one.out.count("\n") > 3 else
                 spawn("/bin/true") and None, "rows")
    tap.equal(one.stop(), 0, "exit status")
    tap.equal(json.dumps({"first": 7, "third": 5}, sort_keys=True) in rows, True, f"whether the chosen members are there ({rows})")
    tap.equal(any('"SECOND"' in row for row in rows), True, "whether the whole record is there")


def test_types_that_the_kernel_part_does_not_have_are_refused():
    for change in ({"name": "evént"}, {"size": 1}, {"type_id": 1}, {"type_id": 4000000000}, {"members": []}):
        is_refused(lambda t, c=change: t.meta["export_types"][0].update(c), "export_types[0]: type ")
    is_refused(lambda t: t.meta["export_types"][0]["members"][1].update(name="x"), "export_types[0].members[1].name is not that of the member")
    is_refused(lambda t: t.meta.update(export_types=[]), "has output, and export_types does not say of which type")
    is_refused(lambda t: t.map("ring").update(export_config="default"), "export_config counts only with enable_multiple_export_types")


def test_several_maps_without_several_types_are_told_and_the_last_is_printed():
    one = running(a_tool())
    one.says("3 maps have output")
    one.stop()


# --- stacks


def stacks(**trace):
    tool = a_tool()
    tool.prints_only("traces")["intepreter"] = {"stack_trace": trace}
    tool.meta["export_types"] = [kernel().exported("stacks")]
    return tool


def test_stacks_are_printed_as_functions_behind_their_record():
    e = event_of(first_row(stacks()))
    tap.equal((sorted(e), e["comm"]), (["comm", "cpu_id", "kernel", "pid", "user"], "true"), "members")
    tap.equal(any("exec" in name for name in e["kernel"]), True, f"whether it is in exec ({e['kernel']})")
    one = running(stacks())
    until(lambda: spawn("/bin/true") and re.search(r"^ *\d+ +\d+ +true *\n(    \S.*\n)+", one.out, re.MULTILINE), lambda: f"a stack in {one.out}")
    tap.equal(one.stop(), 0, "exit status")


def test_stacks_without_symbols_are_addresses():
    e = event_of(first_row(stacks(with_symbols=False)))
    tap.equal([name for name in e["kernel"] if not name.startswith("0x")], [], "functions")
    tap.equal(len(e["kernel"]) > 2, True, f"whether there are some ({e})")


def test_members_of_stacks_may_have_other_names_and_have_to_be_there():
    tool = stacks(field_map={"kstack": "ustack", "ustack": "kstack", "kstack_sz": "ustack_sz", "ustack_sz": "kstack_sz"}, with_symbols=False)
    tap.equal(len(event_of(first_row(tool))["user"]) > 2, True, "whether each stands for the other")
    for trace, sentence in (({"field_map": {"pid": "tgid"}}, "has no member tgid, which is to be pid"), ({"field_map": {"kstack": "comm"}}, "stacks are arrays of 8-byte addresses"),
                            ({"field_map": {"more": "x"}}, "field_map.more"), ({"more": 1}, "stack_trace.more"), ({"with_symbols": 1}, "with_symbols is no true or false")):
        refused(eunomia.package(kernel().data, stacks(**trace).meta), sentence)
    is_refused(lambda t: t.map("hists").update(intepreter={"stack_trace": {}}), "intepreter is for records")
    is_refused(lambda t: t.map("ring").update(intepreter="other"), "intepreter is neither")
    is_refused(lambda t: t.map("ring").update(intepreter={}), "has no stack_trace")


# --- samples


def sample(tool, name, **what):
    one = tool.prints_only(name)
    one["sample"] = {"interval": 100, **what}
    return tool


def until_printed(tool, pattern, *words):
    one = running(tool, *words)
    found = until(lambda: spawn("/bin/true") and re.search(pattern, one.out, re.MULTILINE | re.DOTALL), lambda: f"{pattern} in {one.out}")
    tap.equal(one.stop(), 0, f"exit status ({one.err})")
    return found


def test_a_histogram_by_powers_of_two_has_its_unit_and_what_stands_beside_it():
    until_printed(sample(a_tool(), "hists", type="log2_hist", unit="turns"), r"42.*one.*turns .*^ *4 -> 7 *: \d+")


def test_a_histogram_of_equal_steps_begins_at_0():
    until_printed(sample(a_tool(), "hists", type="linear_hist"), r"\(unit\) .*^ *2 -> 2 *: \d+")


def test_a_table_has_keys_and_values_and_json_too():
    until_printed(sample(a_tool(), "pairs"), r"A +B +VALUE\s+5 +-6 +\d")
    found = until_printed(sample(a_tool(), "pairs", type="default_kv"), r'^\{[^\n]*"a": ?5[^\n]*\}$', "-j")
    tap.equal(json.loads(found.group().splitlines()[-1])["value"]["value"] > 0, True, "whether something was counted")


def test_processors_are_added_up_and_perf_events_come_each_second():
    until_printed(sample(a_tool(), "totals"), r"KEY +VALUE\s+0 +\d{7}")


def values(tool):
    """What was printed of a table that is alone, in order."""
    return [json.loads(line)["value"]["value"] for line in tool.out.splitlines() if line.startswith("{")]


def test_what_was_counted_stays_unless_clear_map_takes_it_away():
    for clears in (False, True):
        one = running(sample(a_tool(), "pairs", clear_map=clears), "-j")
        for _ in range(5):
            spawn("/bin/true")
        until(lambda: values(one), "a row")
        first = len(values(one))
        spawn("/bin/true")
        until(lambda: len(values(one)) > first, "another row")
        one.stop()
        got = values(one)
        tap.equal(got == sorted(got) and got[-1] > got[0] if not clears else got[-1] < sum(got), True, f"whether {got} is right with clear_map {clears}")


def test_a_variable_may_be_called_as_the_option_of_samples():
    tool = sample(a_tool(), "pairs")
    tool.variable("wanted")["cmdarg"] = {"long": "interval"}
    text = tap.run(tap.PRODUCT, "run", written(tool), UNSIGNED, "--help").stdout
    tap.contains(text, "--interval NUMBER")
    tap.contains(text, "--sample-interval ")


def test_each_sample_has_its_own_interval():
    tool = a_tool()
    tool.meta.update(enable_multiple_export_types=True, export_types=[])
    for name, interval in (("pairs", 200), ("totals", 600)):
        tool.map(name).update(sample={"interval": interval}, export_config="default")
    one = running(tool, "-j", "-n", "6")
    until(lambda: spawn("/bin/true") and one.process.poll() is not None, "six intervals")
    rows = [json.loads(line) for line in one.out.splitlines()]
    tap.equal(one.process.returncode, 0, f"exit status ({one.err})")
    tap.equal(len([r for r in rows if "totals" in str(r)]), 2, f"how often the slow one was printed ({rows})")
    tap.equal(len([r for r in rows if "pairs" in str(r)]) >= 5, True, f"how often the fast one was ({rows})")


def test_samples_that_cannot_be_done_are_refused():
    def change(name, what):
        return lambda t: t.prints_only(name).update(sample=what)

    is_refused(change("hists", {"type": "log2_hist"}), "sample has no interval")
    is_refused(change("hists", {"interval": 0}), "sample.interval is no number from 1")
    is_refused(change("hists", {"interval": 5, "type": "pie"}), "sample.type is pie")
    is_refused(change("pairs", {"interval": 5, "type": "log2_hist"}), "has no member slots")
    is_refused(change("ring", {"interval": 5}), "the map ring is none that can be sampled")
    is_refused(change("hists", {"interval": 5, "colour": 1}), "bpf_skel.maps[7].sample.colour is none that this product knows")


# --- places


def test_xdp_hangs_on_the_interface_of_the_meta_or_of_the_option():
    pair = Pair()
    index = json.loads(tap.run("ip", "-j", "-n", pair.a, "link", "show", "va").stdout)[0]["ifindex"]
    for tool, words in ((an_xdp_tool(ifindex=index), ()), (an_xdp_tool(), ("--interface=va",))):
        one = Tool("run", written(sample(tool, "hists", type="log2_hist")), UNSIGNED, *words, within=pair.within(pair.a)).ready()
        tap.contains(tap.run("ip", "-n", pair.a, "link", "show", "va").stdout, "prog/xdp")
        tap.equal(one.stop(), 0, f"exit status ({one.err})")
        tap.equal("prog/xdp" in tap.run("ip", "-n", pair.a, "link", "show", "va").stdout, False, "whether it hangs there still")


def test_xdp_has_the_mode_of_its_flags():
    pair = Pair()
    for flags, word in ((2, "xdpgeneric"), (4, "xdp"), (5, "xdp")):
        one = Tool("run", written(an_xdp_tool(flags=flags)), UNSIGNED, "--interface=va", within=pair.within(pair.a)).ready()
        shown = tap.run("ip", "-n", pair.a, "link", "show", "va").stdout
        tap.contains(shown, "prog/xdp")
        tap.equal(f" {word} " in shown or f" {word}/" in shown, True, f"whether {word} is in {shown}")
        tap.equal(one.stop(), 0, f"exit status ({one.err})")
        tap.equal("prog/xdp" in tap.run("ip", "-n", pair.a, "link", "show", "va").stdout, False, "whether it hangs there still")


def test_what_xdp_and_tc_cannot_do_is_refused():
    for change, sentence in (({"flags": 16}, "bpf_skel.progs[2].flags is 16"), ({"flags": 6}, "bpf_skel.progs[2].flags is 6"), ({"xdpopts": {"old_prog_fd": 3}}, "old_prog_fd is a file descriptor of another process"),
                             ({"ifindex": 0}, "ifindex is no number from 1"), ({"ifindex": "lo"}, "ifindex is no number"), ({"xdpopts": 1}, "xdpopts is no object"),
                             ({"tcopts": {}}, "has what is for tc")):
        refused(eunomia.package(kernel_of_xdp().data, an_xdp_tool(**change).meta), sentence)
    is_refused(lambda t: t.program("on_exec").update(ifindex=1), "has what is for XDP")
    for change, sentence in (({"tchook": {"attach_point": "BPF_TC_CUSTOM"}}, "tchook.attach_point is BPF_TC_CUSTOM"), ({"tchook": {"ifindex": 0}}, "tchook.ifindex is no number from 1"),
                             ({"tcopts": {"handle": 0}}, "tcopts.handle is no number from 1"), ({"tcopts": {"priority": 65536}}, "tcopts.priority is no number"),
                             ({"tcopts": {"flags": 1}}, "tcopts.flags"), ({"ifindex": 1}, "has what is for XDP")):
        refused(eunomia.package(kernel_of_tc().data, a_tc_tool(**change).meta), sentence)


def test_what_has_no_link_is_not_upgraded():
    for tool, what in ((a_tc_tool(), "program 'on_frame' hangs by a filter of tc"), (an_xdp_tool(flags=2), "program 'on_packet' hangs by a mode of XDP")):
        pair, path = Pair(), written(tool)
        env = {"EMF_BUS": os.path.join(tap.folder(), "bus")}
        service = Tool("serve", path, UNSIGNED, "--tool.interface=va", within=pair.within(pair.a), env=env).ready()
        done = tap.run(tap.PRODUCT, "upgrade", "tool", path, env={**os.environ, **env})
        tap.equal((done.returncode, done.stdout), (77, ""), f"exit status and output of upgrade ({done.stderr})")
        tap.contains(done.stderr, what + ", where none can take the place of another: 'unload' the module, and 'load' the new one")
        tap.equal(service.stop(), 0, "exit status")


def test_xdp_in_no_mode_of_its_own_is_upgraded():
    pair, path = Pair(), written(an_xdp_tool())
    env = {"EMF_BUS": os.path.join(tap.folder(), "bus")}
    service = Tool("serve", path, UNSIGNED, "--tool.interface=va", within=pair.within(pair.a), env=env).ready()
    done = tap.run(tap.PRODUCT, "upgrade", "tool", path, env={**os.environ, **env})
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages of upgrade")
    tap.equal(service.stop(), 0, "exit status")


def filters(pair, side):
    return tap.run("tc", "-n", pair.a, "filter", "show", "dev", "va", side).stdout


def qdiscs(pair):
    return tap.run("tc", "-n", pair.a, "qdisc", "show", "dev", "va").stdout


def test_a_filter_of_tc_has_the_side_handle_and_priority_of_the_meta_and_goes_with_the_tool():
    for point, side, sig in (("BPF_TC_INGRESS", "ingress", signal.SIGTERM), ("BPF_TC_EGRESS", "egress", signal.SIGKILL)):
        pair = Pair()
        tool = a_tc_tool(tchook={"attach_point": point}, tcopts={"handle": 7, "priority": 99})
        one = Tool("run", written(tool), UNSIGNED, "--interface=va", within=pair.within(pair.a)).ready()
        until(lambda p=pair, s=side: "pref 99 bpf chain 0 handle 0x7 on_frame" in filters(p, s), f"a filter: {one.err}")
        one.stop(sig)
        until(lambda p=pair, s=side: not filters(p, s) and "clsact" not in qdiscs(p), "nothing of it to be left")


def test_a_filter_of_somebody_else_stays_and_so_does_what_it_hangs_on():
    pair = Pair()
    tap.equal(tap.run("tc", "-n", pair.a, "qdisc", "add", "dev", "va", "clsact").stderr, "", "messages of tc")
    path = written(a_tc_tool())
    one = Tool("run", path, UNSIGNED, "--interface=va", within=pair.within(pair.a)).ready()
    before = until(lambda: filters(pair, "ingress"), "a filter")
    done = tap.run(*pair.within(pair.a), tap.PRODUCT, "run", path, UNSIGNED, "--interface=va", "-d", "1")
    tap.equal(done.returncode, 1, f"exit status ({done.stderr})")
    tap.contains(done.stderr, "program 'on_frame' cannot be attached to interface")
    tap.equal(filters(pair, "ingress"), before, "filters")
    tap.equal(one.stop(), 0, "exit status")
    tap.equal((filters(pair, "ingress"), "clsact" in qdiscs(pair)), ("", True), "filters, and whether clsact is there still")


def test_programs_of_the_meta_and_of_the_kernel_part_are_the_same():
    is_refused(lambda t: t.program("on_exec").update(attach="raw_tp/sched_switch"), 'the kernel part has no program on_exec with SEC("raw_tp/sched_switch")')
    is_refused(lambda t: t.skel["progs"].pop(0), "bpf_skel.progs says nothing of the program on_exec")
    is_refused(lambda t: t.skel["progs"].append(t.skel["progs"][0]), "the program on_exec is there twice")


# --- the other way


def converted(*modules, **kwargs):
    return tap.run(tap.PRODUCT, "pack", "--format", "eunomia", *modules, **kwargs)


def test_every_module_is_packed_for_eunomia_or_it_is_said_what_is_not_there():
    packs = 0
    for name in (m["name"] for m in json.loads(tap.run(tap.PRODUCT, "list", "-j").stdout)):
        path = os.path.join(tap.folder(), "x.json")
        done = converted(name, "-o", path)
        if done.returncode:
            tap.equal((done.stderr.count("\n"), os.path.exists(path)), (1, False), "lines, and whether there is a file")
            tap.contains(done.stderr, f"module {name} ")
            continue
        packs += 1
        with open(path) as f:
            made = json.load(f)
        tap.equal(len(zlib.decompress(base64.b64decode(made["bpf_object"], validate=True))), made["bpf_object_size"], f"bytes of {name}")
        done = tap.run(tap.PRODUCT, "run", path, UNSIGNED, "--help")
        tap.equal((done.returncode, done.stderr), (0, ""), f"exit status and messages of {name}")
    tap.equal(packs >= 5, True, f"whether some can be packed ({packs})")


def test_packed_for_eunomia_it_prints_what_it_did():
    tap.need_root()
    folder = tap.folder()
    tap.equal(converted("exitsnoop", "tcplife", cwd=folder).returncode, 0, "exit status of pack")
    tools = [Tool("run", os.path.join(folder, "exitsnoop.json"), UNSIGNED, "-j", "--failed").ready(), Tool("exitsnoop", "-j", "--failed").ready()]
    pid, _ = spawn("/bin/false")
    rows = []
    for tool in tools:
        found = until(lambda t=tool: [e for e in map(json.loads, t.out.splitlines()) if event_of(e)["pid"] == pid], "an exit")
        rows.append({key: event_of(found[0])[key] for key in ("pid", "tid", "comm")})
        tap.equal(tool.stop(), 0, "exit status")
    tap.equal(rows[0], rows[1], "what was seen")
    tap.equal(os.path.exists(os.path.join(folder, "tcplife.json")), True, "whether there is a file for each")


def as_nobody(*words, **kwargs):
    """Without privileges nothing has to be signed."""
    return tap.run(*([] if os.getuid() else ["setpriv", "--reuid=65534", "--clear-groups"]), tap.PRODUCT, *words, **kwargs)


def test_a_package_of_emf_is_made_of_it_which_can_be_signed():
    folder = tap.folder()
    os.chmod(folder, 0o777)
    path = a_tool().write(os.path.join(folder, "package.json"))
    done = as_nobody("pack", path, cwd=folder)
    tap.equal(done.returncode, 0, f"exit status ({done.stderr})")
    help_of = [tap.run(tap.PRODUCT, "run", p, UNSIGNED, "--help").stdout for p in (path, os.path.join(folder, "tool.emfpkg"))]
    tap.equal(help_of[0], help_of[1], "help of both")
    if os.getuid() == 0:
        tap.contains(tap.run(tap.PRODUCT, "pack", path, cwd=folder).stderr, "it is not signed")


def test_what_came_from_eunomia_goes_back():
    folder = tap.folder()
    tool = sample(a_tool(), "hists", type="log2_hist", unit="turns", clear_map=True)
    tool.skel["progs"] = [p for p in tool.skel["progs"] if p["name"] != "on_sample"] + [tool.program("on_sample")]
    tool.write(os.path.join(folder, "tool.json"))
    os.chmod(folder, 0o755)
    done = as_nobody("pack", "--format", "eunomia", "-o", "-", "tool", env={**os.environ, "EMF_PATH": folder})
    back = json.loads(done.stdout)["meta"]["bpf_skel"]
    variables = {v["name"]: v for s in back["data_sections"] for v in s["variables"]}
    tap.equal({n: v["cmdarg"].get("default") for n, v in variables.items()},
              {"wanted": 7, "big": 5, "plain": None, "on": True, "off": None, "text": "as compiled", "counted": 3}, "defaults")
    tap.equal((variables["on"]["cmdarg"]["long"], variables["big"]["cmdarg"]["short"]), ("on", "l"), "names")
    tap.equal(next(m["sample"] for m in back["maps"] if m["name"] == "hists"), {"interval": 100, "type": "log2_hist", "clear_map": True, "unit": "turns"}, "a sample")
    tap.equal([(p["name"], p["attach"]) for p in back["progs"]], [("on_exec", "raw_tp/sched_process_exec"), ("on_sample", "perf_event")], "programs")


def test_a_format_that_is_none_or_one_file_for_several_is_a_mistake_of_the_command_line():
    tap.contains(tap.run(tap.PRODUCT, "pack", "--format", "zip", "exitsnoop").stderr, "there are emf and eunomia")
    done = converted("exitsnoop", "tcplife", "-o", "/dev/null")
    tap.equal(done.returncode, 2, "exit status")
    tap.contains(done.stderr, "one for each of 2 modules")


# --- what is hostile


def test_each_field_of_a_wrong_type_is_named():
    wrong = [("meta", lambda t: t.meta, k, v) for k, v in {
        "export_types": 1, "bpf_skel": [], "perf_buffer_pages": "x", "perf_buffer_time_ms": -1, "poll_timeout_ms": {}, "debug_verbose": 0, "print_header": "no",
        "enable_multiple_export_types": 1, "eunomia_version": 3}.items()]
    wrong += [("skel", lambda t: t.skel, k, v) for k, v in {"data_sections": {}, "maps": 1, "progs": "x", "obj_name": 5, "doc": "x"}.items()]
    wrong += [("map", lambda t: t.map("ring"), k, v) for k, v in {"name": 1, "ident": 1, "mmaped": 1, "intepreter": 1}.items()]
    wrong += [("sample", lambda t: t.prints_only("ring"), "sample", 1)]
    wrong += [("prog", lambda t: t.program("on_exec"), k, v) for k, v in {"name": 1, "attach": 1, "link": 1}.items()]
    wrong += [("variable", lambda t: t.variable("wanted"), k, v) for k, v in {"name": 1, "description": 1, "cmdarg": 1}.items()]
    for what, where, key, value in wrong:
        is_refused(lambda t, w=where, k=key, v=value: w(t).update({k: v}), key)


def test_fields_that_are_not_known_are_named():
    for where, path in ((lambda t: t.meta, "the field more is"), (lambda t: t.skel, "bpf_skel.more"), (lambda t: t.map("ring"), "bpf_skel.maps[5].more"),
                        (lambda t: t.program("on_exec"), "bpf_skel.progs[0].more"), (lambda t: t.variable("wanted"), "variables[0].more"),
                        (lambda t: t.skel["doc"], "bpf_skel.doc.more")):
        is_refused(lambda t, w=where: w(t).update(more=1), path)


def test_an_integer_of_four_bytes_is_a_number_whatever_it_is_called():
    tool = eunomia.Tool(kernel().with_integer("int", called="char"))
    tool.variable("wanted")["type"] = "char"
    tap.equal(event_of(first_row(tool))["pid"], 7, "the variable, and the member that it was written to")


def test_an_integer_of_a_size_that_no_machine_has_is_refused():
    for size in (0, 3, 5, 7, 12, 17, 255, 1 << 31):
        refused(eunomia.package(kernel().with_integer("int", size=size).data, a_tool().meta), "the member pid is of a type that cannot be printed")


def test_names_that_no_module_can_have_are_refused():
    for name in ("", "../x", "a b", "x" * 70, "a\nb"):
        is_refused(lambda t, n=name: t.skel.update(obj_name=n), "bpf_skel.obj_name is no name that a module can have")
    is_refused(lambda t: t.skel["doc"].update(brief="\x1b[2J"), "the field bpf_skel.doc.brief is no text without control characters")


def test_a_name_of_the_product_is_left_to_it():
    tool = a_tool()
    tool.skel["obj_name"] = "execsnoop_bpf"
    tap.contains(tap.run(tap.PRODUCT, "run", written(tool), UNSIGNED, "--help").stdout, "eunomia_execsnoop [OPTIONS]")


def changed(**fields):
    return json.dumps({**json.loads(eunomia.package(kernel().data, a_tool().meta)), **fields})


def packed(data):
    return base64.b64encode(data).decode()


def test_sizes_and_compressed_bytes_are_checked():
    data = kernel().data
    refused(changed(bpf_object_size=len(data) - 1), "bpf_object has more bytes unpacked than")
    refused(changed(bpf_object_size=len(data) + 1), f"bpf_object has {len(data)} bytes unpacked, and bpf_object_size says {len(data) + 1}")
    refused(changed(bpf_object_size=1 << 30), "bpf_object_size is no number from 1 to 33554432")
    refused(changed(bpf_object_size="1"), "bpf_object_size is no number")
    refused(changed(bpf_object="%%%%"), "bpf_object is no base64")
    refused(changed(bpf_object=packed(zlib.compress(data))[:-1]), "bpf_object is no base64")
    refused(changed(bpf_object=packed(zlib.compress(data)[:-9])), "bpf_object is not what zlib has compressed, or its end is missing")
    refused(changed(bpf_object=packed(zlib.compress(data) + b"more")), "bpf_object is not what zlib has compressed")
    refused(changed(bpf_object=packed(b"plain bytes that nobody compressed")), "bpf_object is not what zlib has compressed")
    refused(changed(bpf_object=packed(zlib.compress(b"no ELF")), bpf_object_size=6), "bpf_object cannot be opened")


def test_a_bomb_is_unpacked_to_the_size_that_it_says_and_no_further():
    bomb = zlib.compress(bytes(1 << 28), 9)
    refused(changed(bpf_object=packed(bomb), bpf_object_size=1000), "bpf_object has more bytes unpacked than the 1000")


def test_what_is_no_json_or_too_deep_or_cut_is_refused():
    whole = eunomia.package(kernel().data, a_tool().meta)
    for text in (whole[:-1], whole[:100], "{", "{}{}", '{"meta": {}, "meta": {}}', '{"meta":' + "[" * 100000, "{" + '"a":{' * 5000):
        refused(text, "it is no JSON, line ")
    refused("{}", "it has no meta")
    refused('{"meta": {}}', "it has no meta.bpf_skel")
    refused(changed(meta=None), "it has no meta")
    refused(changed(bpf_object=None), "it has no bpf_object")


# --- who made it


def test_it_has_no_signature_and_so_has_to_be_allowed():
    tap.need_root()
    done = tap.run(tap.PRODUCT, "run", written(a_tool()), "-d", "1")
    tap.equal((done.returncode, done.stdout), (1, ""), "exit status and output")
    tap.contains(done.stderr, "it is not signed")


def a_service(*words):
    tap.need_root()
    env = {"EMF_BUS": os.path.join(tap.folder(), "bus")}
    return Tool("serve", "hello", *words, env=env).ready(), env


def test_a_service_takes_it_only_where_what_is_not_signed_is_allowed():
    service, env = a_service()
    path = written(a_tool())
    done = tap.run(tap.PRODUCT, "load", path, env={**os.environ, **env})
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, "it is not signed, and a service takes only what a trusted key has signed")
    tap.equal(service.stop(), 0, "exit status")


def test_it_comes_and_goes_while_a_service_runs_and_leaves_nothing():
    service, env = a_service(UNSIGNED)
    path, pid = written(a_tool()), service.process.pid

    def change(*words):
        done = tap.run(tap.PRODUCT, *words, env={**os.environ, **env})
        tap.equal((done.returncode, done.stderr), (0, ""), f"exit status and messages of {words}")

    def has():
        return opened(pid), len(held(pid, "map")), len(held(pid, "prog"))

    change("load", path)
    change("unload", "tool")
    before = has()
    for _ in range(3):
        change("load", path)
        tap.equal(len(held(pid, "prog")) > before[2], True, "whether its programs are there")
        change("unload", "tool")
    until(lambda: has() == before, f"{before}, and not {has()}")
    tap.equal(service.stop(), 0, "exit status")


def test_it_comes_from_standard_input_and_by_name():
    tap.need_root()
    path = written(a_tool())
    with open(path) as f:
        tap.contains(tap.run(tap.PRODUCT, "run", "-", UNSIGNED, "--help", stdin=f).stdout, "a tool. and more")
    with tempfile.TemporaryDirectory() as home:
        os.makedirs(os.path.join(home, ".local/share/emf"))
        os.rename(path, os.path.join(home, ".local/share/emf/tool.json"))
        done = tap.run(tap.PRODUCT, "tool", UNSIGNED, "--help", env={**os.environ, "HOME": home})
        tap.contains(done.stdout, "a tool. and more")


if __name__ == "__main__":
    tap.main()
