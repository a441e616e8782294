# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Metrics that a running product tells, against what the test did itself, in the format that Prometheus reads.

Without these, a counter could be that of another key or of one processor, a name out of user space
break the whole text, or a node exporter find half a file.
"""
import os
import random
import re
import shutil
import signal
import stat
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from netns import Pair  # noqa: E402
from packets import Service  # noqa: E402
from tool import Tool, spawn, until  # noqa: E402
from writer import Writer  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
TRACED = ["unshare", "-m", "--propagation", "slave", "sh", "-c",
          'test -e /sys/kernel/tracing/events || mount -t tracefs tracefs /sys/kernel/tracing; exec "$@"', "sh"]
SAMPLE = re.compile(r"(emf_\w+?)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\\n]|\\.)*)"(?:,|$)')
WHOLE = tap.PRODUCT  # of the modules of the tree


@scratch.once
def build(parent):
    """A product of one module that counts, built once for all tests of this file."""
    src = scratch.source(parent)
    shutil.rmtree(os.path.join(src, "modules"))
    shutil.copytree(os.path.join(HERE, "metrics"), os.path.join(src, "modules"))
    made = scratch.Build(src, os.path.join(parent, "build"), "--enable-werror")
    made.make()
    return made.product()


class Metered:
    """A service that counts what a process writes."""

    def __init__(self, *words):
        tap.need_root()
        self.product = build()
        self.writer = Writer()
        self.bus = os.path.join(tap.folder(), "bus")
        self.tool = Tool("serve", "meter", "--only", self.writer.pid, *words, within=TRACED, product=self.product, env={"EMF_BUS": self.bus})
        self.tool.ready(or_when=lambda: self.tool.err)
        tap.equal(self.tool.err, "", "messages")

    def emf(self, *words):
        return tap.run(self.product, *words, env=dict(os.environ, EMF_BUS=self.bus))

    def text(self):
        done = self.emf("metrics")
        tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages of metrics")
        return done.stdout

    def metrics(self, records=None):
        """All of them, when so many records came."""
        def came():
            found = samples(self.text())
            return found if records is None or sum(found["emf_meter_sent_bytes_total"].values()) == records else None

        return until(came, f"{records} bytes in records")


def unescaped(text):
    return re.sub(r"\\(.)", lambda m: "\n" if m.group(1) == "n" else m.group(1), text)


def samples(text):
    """By name, the values by their labels. Every line has to be what the format allows, and stand there once."""
    out, typed = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.split()[2:]
            tap.equal(name in typed, False, f"a second {name}")
            typed[name] = kind
            out.setdefault(name, {})
        if line.startswith("#"):
            continue
        found = SAMPLE.match(line)
        if not found:
            raise AssertionError(f"no sample: {line!r}")
        name, labels, value = found.groups()
        tap.equal(name in typed or re.sub("_(bucket|sum|count)$", "", name) in typed, True, f"whether the type of {name} is told before")
        tap.equal("".join(m.group(0) for m in LABEL.finditer(labels or "")), labels or "", "the labels")
        key = tuple((k, unescaped(v)) for k, v in LABEL.findall(labels or ""))
        tap.equal(key in out.setdefault(name, {}), False, f"whether there is a second {line}")
        out[name][key] = float(value)
    return out


def values(metrics, name, *labels):
    """Of one metric, by the values of these labels."""
    return {tuple(dict(key)[label] for label in labels) if len(labels) != 1 else dict(key)[labels[0]]: v for key, v in metrics[name].items()}


def histogram(metrics, name, **labels):
    """The counts of its buckets by their upper ends, its count and its sum."""
    wanted = set(labels.items())

    def of(part):
        return {key: v for key, v in metrics.get(name + part, {}).items() if wanted <= set(key)}

    buckets, before = {}, 0
    for key, v in of("_bucket").items():
        if v != before:
            buckets[dict(key)["le"]] = v - before
        before = v
    return buckets, sum(of("_count").values()), sum(of("_sum").values()) if of("_sum") else None


# --- what is counted --------------------------------------------------------------------------


def test_counters_and_gauges_of_a_map_are_sums_over_keys_and_processors():
    m = Metered()
    for cpu in sorted(os.sched_getaffinity(0)):
        m.writer.write(5, 7, 1000, comm="one", cpu=cpu)
        m.writer.write(200, comm="two", cpu=cpu)
    n = len(os.sched_getaffinity(0))
    got = m.metrics()
    tap.equal(values(got, "emf_meter_calls_total", "comm", "kind"), {("one", "SMALL"): 2 * n, ("one", "LARGE"): n, ("two", "LARGE"): n}, "calls")
    tap.equal(values(got, "emf_meter_bytes_total", "fd"), {"3": 1212 * n}, "bytes")
    tap.equal((got["emf_meter_rows"], values(got, "emf_meter_kinds", "kind")), ({(): 3}, {"SMALL": 1, "LARGE": 2}), "keys")


def test_histograms_of_maps_have_the_buckets_of_their_scales():
    m = Metered()
    m.writer.write(0, 1, 2, 9, 10, 99, 100, 101, 5000)
    got = m.metrics()
    tap.equal(histogram(got, "emf_meter_sizes"), ({"1": 2, "3": 1, "15": 2, "127": 3, "8191": 1}, 9, None), "by powers of two, without a sum")
    tap.equal(histogram(got, "emf_meter_tens"), ({"9": 4, "19": 1, "99": 1, "+Inf": 3}, 9, 5322), "by tens, with the sum that the map has")
    tap.equal(histogram(got, "emf_meter_few", kind="SMALL"), ({"1": 2, "10": 3, "100": 2}, 7, None), "by bounds, small ones")
    tap.equal(histogram(got, "emf_meter_few", kind="LARGE"), ({"+Inf": 2}, 2, None), "by bounds, large ones")


def test_records_of_an_event_are_counted_added_and_put_into_buckets():
    m = Metered()
    m.writer.write(1, 2, 50, 5000, comm="one")
    got = m.metrics(5053)
    tap.equal(values(got, "emf_meter_records_total", "comm"), {"one": 4}, "records")
    tap.equal(values(got, "emf_meter_last_bytes", "kind"), {"SMALL": 50, "LARGE": 5000}, "the last ones")
    tap.equal(histogram(got, "emf_meter_took_seconds", kind="SMALL"), ({"0.000001": 1, "0.001": 2}, 3, 0.000053), "times of small ones, in seconds")
    tap.equal(histogram(got, "emf_meter_took_seconds", kind="LARGE"), ({"+Inf": 1}, 1, 0.005), "of large ones")


def test_a_metric_that_nothing_came_for_has_its_head_and_no_series():
    got = Metered().metrics()
    tap.equal((got["emf_meter_calls_total"], got["emf_meter_rows"], got["emf_meter_sent_bytes_total"]), ({}, {(): 0}, {(): 0}), "metrics")


# --- bounds -------------------------------------------------------------------------------------


def test_what_is_beyond_the_most_series_is_one_more_and_is_counted():
    m = Metered()
    for name in ("one", "two", "three", "four", "one"):
        m.writer.write(10, comm=name)
    got = m.metrics(50)
    tap.equal(values(got, "emf_meter_records_total", "comm"), {"one": 2, "two": 1, "other": 2}, "series")
    overflow = values(got, "emf_metric_series_overflow_total", "metric")
    tap.equal({k: v for k, v in overflow.items() if v}, {"emf_meter_records_total": 2}, "values beyond")


def test_series_beyond_the_most_of_a_map_stay_beyond_it():
    m = Metered()
    for at in range(1, 20051, 50):
        m.writer.write(*range(at, at + 50))
    name = "emf_meter_many_writes_of_exactly_so_many_bytes_and_of_no_more"
    first = values(m.metrics(), name, "size")
    tap.equal((len(first), first["other"], sum(first.values())), (20001, 50, 20050), "series, those beyond, all together")
    m.writer.write(*range(1, 20051))
    second = values(m.metrics(), name, "size")
    tap.equal((set(second) == set(first), second["other"], sum(second.values())), (True, 100, 40100), "the same after a while")


def test_a_text_of_more_than_one_part_arrives_whole():
    m = Metered()
    m.writer.write(*range(20000))
    text = m.text()
    tap.equal(len(text) > 1 << 20, True, f"the text is larger than a part ({len(text)})")
    tap.equal(len(samples(text)["emf_meter_many_writes_of_exactly_so_many_bytes_and_of_no_more"]), 20000, "series")


# --- texts --------------------------------------------------------------------------------------


def test_names_that_would_break_the_format_are_labels_like_others():
    m = Metered()
    names = ['a"b', "c\\d", "e\nf", "\\", "{g=\"h\"} 1"]
    for name in names:
        m.writer.write(1, comm=name)
    m.writer.write(1, comm="i\x1b[2Jj")
    m.writer.write(1, comm="k\xffl")
    got = {comm for comm, _ in values(m.metrics(), "emf_meter_calls_total", "comm", "kind")}
    tap.equal(got, {*names, "i\\x1b[2Jj", "k\\xffl"}, "names")
    promtool(m.text())


def test_every_metric_says_what_it_is():
    text = Metered().text()
    tap.contains(text, "# HELP emf_meter_calls_total calls of write(2)\n# TYPE emf_meter_calls_total counter\n")
    tap.contains(text, '# HELP emf_meter_sizes sizes of writes; a "histogram" with a \\\\ in its doc\n# TYPE emf_meter_sizes histogram\n')
    tap.contains(text, "# HELP emf_meter_kinds gauge kinds, from map rows\n# TYPE emf_meter_kinds gauge\n")


def promtool(text):
    if not shutil.which("promtool"):
        raise tap.Skip("promtool is not installed (Debian: prometheus)")
    done = tap.run("promtool", "check", "metrics", stdin=None, input=text)
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "promtool")


def test_promtool_accepts_what_a_product_of_all_modules_tells():
    pair = Pair()
    tap.PRODUCT = WHOLE
    service = Service(pair)
    spawn("/bin/true")
    tap.equal(pair.send(3, 9), 3, "packets that arrive")
    done = service.shell("metrics")
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages")
    got = samples(done.stdout)
    running = {k for k, v in values(got, "emf_module_state", "module", "state").items() if v and k[1] == "running"}
    tap.equal({("flow", "running"), ("acl", "running"), ("runqlat", "running"), ("tcpstates", "running")} <= running, True, f"modules that run: {running}")
    tap.equal((got["emf_flow_packets_total"], got["emf_flow_bytes_total"], got["emf_flow_flows"], got["emf_acl_packets_total"]),
              ({(): 3}, {(): 3 * 106}, {(): 1}, {(): 3}), "what the network modules counted")
    promtool(done.stdout)


# --- what every product tells --------------------------------------------------------------------


def test_each_module_has_its_state_its_memory_and_what_became_of_its_records():
    m = Metered()
    m.writer.write(1, 2, 3)
    got = m.metrics(6)
    tap.equal({k: v for k, v in values(got, "emf_module_state", "state").items() if v}, {"running": 1}, "state")
    ring = [sum(got[f"emf_module_ring_{word}_total"].values()) for word in ("seen", "sent", "dropped", "received")]
    tap.equal(ring, [3, 3, 0, 3], "records")
    tap.equal(all(v > 0 for v in values(got, "emf_module_map_bytes", "map").values()), True, "memory of maps")
    tap.equal({"rows", "many", "event_wrote"} <= set(values(got, "emf_module_map_bytes", "map")), True, "maps")
    tap.equal(set(values(got, "emf_module_start_seconds", "phase")), {"open", "load", "attach"}, "phases of the start")
    tap.equal(values(got, "emf_module_info", "module", "version"), {("meter", "1.0"): 1}, "version")
    tap.equal(got["emf_bus_connections_total"][()] >= 1, True, "connections")
    tap.equal(0 < got["emf_product_uptime_seconds"][()] < 1000, True, "how long it runs")


def test_the_most_that_waited_in_a_ring_is_told():
    m = Metered()
    m.tool.process.send_signal(signal.SIGSTOP)
    for _ in range(100):
        m.writer.write(1)
    m.tool.process.send_signal(signal.SIGCONT)
    got = m.metrics(100)
    waited = got["emf_module_ring_high_water_bytes"]
    size = values(got, "emf_module_map_bytes", "map")["event_wrote"]
    tap.equal(all(100 * 16 <= v <= size and v % 8 == 0 for v in waited.values()), True, f"bytes of a hundred records: {waited}, in a ring of {size}")


def test_runs_of_programs_are_those_that_the_kernel_counted():
    m = Metered()
    path = "/proc/sys/kernel/bpf_stats_enabled"
    with open(path) as f:
        before = f.read()
    tap.cleanup(scratch.write, path, before)
    scratch.write(path, "1")
    m.writer.write(*[1] * 100)
    got = m.metrics()
    tap.equal(values(got, "emf_module_program_runs_total", "program")["on_write"] >= 100, True, f"runs: {got['emf_module_program_runs_total']}")
    tap.equal(0 < values(got, "emf_module_program_run_seconds_total", "program")["on_write"] < 1, True, "time")


def test_a_module_that_is_stopped_has_its_state_and_no_metrics():
    m = Metered()
    tap.equal(m.emf("stop", "meter").returncode, 0, "exit status of stop")
    got = m.metrics()
    tap.equal({k: v for k, v in values(got, "emf_module_state", "state").items() if v}, {"stopped": 1}, "state")
    tap.equal([name for name in got if name.startswith("emf_meter_")], [], "its metrics")


def test_without_a_service_it_says_so():
    tap.need_root()
    done = tap.run(build(), "metrics", env=dict(os.environ, EMF_BUS=os.path.join(tap.folder(), "none")))
    tap.equal((done.returncode, done.stdout), (1, ""), "exit status and output")
    tap.contains(done.stderr, "emf: ")


# --- the file --------------------------------------------------------------------------------------


def test_a_file_for_the_node_exporter_has_the_same_and_everybody_may_read_it():
    m, folder = Metered(), tap.folder()
    m.writer.write(1, 2)
    m.metrics(3)
    old = os.umask(0o077)
    tap.cleanup(os.umask, old)
    done = m.emf("metrics", "--textfile", folder)
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "exit status and output")
    tap.equal(os.listdir(folder), ["emf.prom"], "files")
    path = os.path.join(folder, "emf.prom")
    tap.equal(stat.S_IMODE(os.stat(path).st_mode), 0o644, "mode")
    with open(path) as f:
        tap.equal(samples(f.read())["emf_meter_sent_bytes_total"], {(): 3}, "a counter in it")


def test_a_file_is_replaced_and_never_seen_half():
    m, folder = Metered(), tap.folder()
    m.writer.write(*range(1, 2000))
    path = os.path.join(folder, "emf.prom")
    tap.equal(m.emf("metrics", "--textfile", folder).returncode, 0, "exit status")
    inodes = set()
    for _ in range(10):
        tool = Tool("metrics", "--textfile", folder, product=m.product, env={"EMF_BUS": m.bus})
        while tool.process.poll() is None:
            with open(path) as f:
                text = f.read()
                inodes.add(os.fstat(f.fileno()).st_ino)
            tap.equal((text.startswith("# HELP "), text.endswith("\n")), (True, True), "the beginning and the end")
            tap.contains(text, "\nemf_metric_series_overflow_total{", "what stands last")
        tap.equal(tool.process.returncode, 0, f"exit status ({tool.err})")
    tap.equal(len(inodes) > 1, True, "it was replaced while it was read")


def test_whoever_is_killed_in_the_middle_leaves_a_whole_file_and_no_other():
    m, folder = Metered(), tap.folder()
    m.writer.write(*range(1, 2000))
    tap.equal(m.emf("metrics", "--textfile", folder).returncode, 0, "exit status")
    started = time.monotonic()
    tap.equal(m.emf("metrics", "--textfile", folder).returncode, 0, "exit status")
    took = time.monotonic() - started
    for n in range(40):
        tool = Tool("metrics", "--textfile", folder, product=m.product, env={"EMF_BUS": m.bus})
        time.sleep(random.uniform(0, took))
        tool.stop(signal.SIGKILL if n % 2 else signal.SIGTERM)
        left = set(os.listdir(folder))
        # Between two system calls there is a name more, which the next one takes away.
        tap.equal(left - {".emf.prom.new"} if n % 2 else left, {"emf.prom"}, "files")
        with open(os.path.join(folder, "emf.prom")) as f:
            tap.contains(f.read(), "\nemf_metric_series_overflow_total{", "what stands last")
        if len(left) > 1:
            tap.equal(m.emf("metrics", "--textfile", folder).returncode, 0, "exit status")
    tap.equal(m.emf("metrics", "--textfile", folder).returncode, 0, "exit status")
    tap.equal(os.listdir(folder), ["emf.prom"], "files at the end")


def test_a_folder_that_is_not_there_is_named():
    m = Metered()
    done = m.emf("metrics", "--textfile", "/nowhere/at/all")
    tap.equal((done.returncode, done.stdout), (1, ""), "exit status and output")
    tap.contains(done.stderr, "metrics: folder /nowhere/at/all: No such file or directory; make it first")


tap.main()
