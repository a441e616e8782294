# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Looking on at the bus, doing it again, and sending signals by hand.

Without these, a person who looks for what goes wrong could see something else than what
went over the bus, could change it by looking, or could send what he has no right to.
"""
import json
import os
import shutil
import signal
import struct
import subprocess
import time

import bus_raw as raw
import tap
import test_bus
from bus_product import client_run, rules
from test_bus_shell import Listener, answers, prints, refuses, served, shell
from tool import until

KEYS = ["emf", "at", "time", "kind", "dir", "from", "to", "service", "member", "serial", "size", "lost", "args"]


class Monitor:
    """One that runs already; what it sees is in its file."""

    def __init__(self, service, *words, out="monitor"):
        self.path = os.path.join(os.path.dirname(service.bus), out)
        before = monitors(service)["listening"]
        with open(self.path, "w") as stdout, open(self.path + ".err", "w") as stderr:
            self.process = tap.start(test_bus.build().product(), "monitor", *words, stdout=stdout, stderr=stderr,
                                     env=dict(os.environ, EMF_BUS=service.bus))
        until(lambda: monitors(service)["listening"] > before, "the monitor to listen")

    @property
    def text(self):
        with open(self.path) as f:
            return f.read()

    @property
    def err(self):
        with open(self.path + ".err") as f:
            return f.read()

    @property
    def messages(self):
        text = self.text
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]

    def of(self, name):
        service, member = name.split(".")
        return [m for m in self.messages if (m["service"], m["member"]) == (service, member)]

    def end(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=tap.PATIENCE)


def monitors(service):
    return json.loads(shell(service, "call", "-j", "bus", "monitors").stdout)


def number(service, n=7, after_ms=0, most=0):
    return shell(service, "call", "echo", "number", f"n={n}", f"after_ms={after_ms}", f"most={most}")


def captured(service, *steps):
    """The path of a file of what went over the bus while these were done."""
    path = os.path.join(os.path.dirname(service.bus), "capture")
    monitor = Monitor(service, "-w", path, "echo.*", "guest.*")
    for step in steps:
        step()
    number(service, n=4711)  # the last one: all before it were written, too
    until(lambda: '"n":4711' in open(path).read(), "the capture")
    tap.equal((monitor.end(), monitor.text), (0, ""), "status and output of the monitor")
    return path


def replays(service, path, *words, status=0):
    """Lines about calls, and the one at the end."""
    done = shell(service, "replay", "-j", path, *words)
    tap.equal((done.returncode, done.stderr if status == 0 else ""), (status, ""), f"status of replay ({done.stdout}{done.stderr})")
    *calls, end = [json.loads(line) for line in done.stdout.splitlines()]
    return calls, end


# --- what is seen


def test_calls_answers_and_failures_are_seen_with_who_sent_them():
    service = served()
    monitor = Monitor(service, "-j", "echo.*")
    began = time.time_ns()
    caller = tap.start(test_bus.build().product(), "call", "echo", "number", "n=9", "after_ms=20", "most=3",
                       env=dict(os.environ, EMF_BUS=service.bus), stderr=subprocess.DEVNULL)
    until(lambda: len(monitor.messages) >= 2, "a call and its answer")
    shell(service, "call", "echo", "number", "n=18446744073709551615", "after_ms=0", "most=0")
    until(lambda: len(monitor.messages) >= 4, "another one")
    call, fail, _, reply = monitor.messages
    product = {"pid": service.process.pid, "name": "emf"}
    peer = {"pid": caller.pid, "name": "emf"}
    tap.equal([list(m) for m in (call, fail, reply)], [KEYS, [*KEYS, "reason", "error"], KEYS], "keys")
    tap.equal((call["emf"], call["kind"], call["dir"], call["from"], call["to"], call["args"], call["size"], call["lost"]),
              (1, "call", "in", peer, product, {"n": 9, "after_ms": 20, "most": 3}, 16, 0), "the call")
    tap.equal((fail["kind"], fail["dir"], fail["from"], fail["to"], fail["serial"], fail["reason"], fail["error"], fail["args"]),
              ("fail", "out", product, peer, call["serial"], "EREMOTEIO", "too_loud", {"most": 3}), "the failure")
    tap.equal((reply["kind"], reply["member"], reply["args"], reply["size"]), ("reply", "number", {"n": "18446744073709551615"}, 8), "the reply")
    tap.equal(fail["time"] - call["time"] >= 20000000, True, "time between the two")
    tap.equal(began < call["at"] < fail["at"] < time.time_ns(), True, "time of the day")
    tap.equal((monitor.end(), monitor.err), (0, ""), "status and messages of the monitor")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_people_see_a_line_for_each_and_long_arguments_cut():
    service = served()
    monitor = Monitor(service, "echo.*", "-n", "6")
    number(service)
    answers(service, ("echo", "bytes", "b=" + ",".join(["7"] * 200)), {"b": [7] * 200})
    answers(service, ("echo", "bytes", "b=" + ",".join(["7"] * 20000)), {"b": [7] * 20000})
    tap.equal(monitor.process.wait(timeout=tap.PATIENCE), 0, "status after 6")
    lines = monitor.text.splitlines()
    pid = service.process.pid
    words = lines[0].split()
    tap.equal((len(lines), words[1], words[3], words[4:6], words[7:]),
              (6, "call", ">", [f"emf[{pid}]", "echo.number"], ["16", "B", "n=7", "after_ms=0", "most=0"]), lines[0])
    tap.equal(lines[1].split()[2:5], [f"emf[{pid}]", ">", words[2]], "who answers whom")
    tap.equal((lines[2].endswith(",7..."), len(lines[2]) < 350), (True, True), lines[2])
    tap.contains(lines[4], "20004 B  (too large to be shown)")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_signals_are_seen_once_and_subscriptions_losses_and_cancellations():
    service = served()
    monitor = Monitor(service, "-j", "echo.*")
    first, second = Listener(service, "echo.heard", "-n", "1"), Listener(service, "echo.heard", "-n", "1")
    until(lambda: len([m for m in monitor.of("echo.heard") if m["kind"] == "subscribe"]) == 2, "both to subscribe")
    prints(service, ("call", "echo", "shout", "times=1", "bytes=2"), "")
    first.process.wait(timeout=tap.PATIENCE)
    second.process.wait(timeout=tap.PATIENCE)
    refuses(service, ("call", "echo", "never", "--timeout", "100ms"), 1, "no answer within 100ms")
    until(lambda: any(m["kind"] == "cancel" for m in monitor.messages), "the cancellation")
    one, = [m for m in monitor.of("echo.heard") if m["kind"] == "signal"]
    tap.equal((one["from"], one["to"], one["args"]),
              ({"pid": service.process.pid, "name": "emf"}, None, {"serial": 0, "unused": 0, "bytes": [0, 0]}), "the signal")
    tap.equal({m["from"]["pid"] for m in monitor.of("echo.heard") if m["kind"] == "subscribe"},
              {first.process.pid, second.process.pid}, "who subscribed")
    cancel, = [m for m in monitor.messages if m["kind"] == "cancel"]
    tap.equal((cancel["member"], cancel["serial"]), ("never", monitor.of("echo.never")[0]["serial"]), "what was cancelled")
    slow = Listener(service, "-j", "echo.heard")
    until(lambda: len([m for m in monitor.of("echo.heard") if m["kind"] == "subscribe"]) == 3, "it to subscribe")
    slow.process.send_signal(signal.SIGSTOP)
    prints(service, ("call", "echo", "shout", "times=4000", "bytes=4000"), "")
    slow.process.send_signal(signal.SIGCONT)
    until(lambda: any(m["kind"] == "lost" and slow.process.pid in (m["from"]["pid"], m["to"]["pid"]) and m["dropped"] > 0 for m in monitor.messages), "what it lost")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_what_another_process_provides_is_seen_on_both_ways():
    service = served()
    monitor = Monitor(service, "-j", "guest.*")
    guest = tap.start(test_bus.build().client, service.bus, "provide")
    tap.equal(shell(service, "wait", "guest", "--timeout", f"{tap.PATIENCE}s").returncode, 0, "status of wait")
    prints(service, ("call", "guest", "twice", "n=100"), "n  200\n")
    until(lambda: len([m for m in monitor.of("guest.twice") if m["args"] in ({"n": 100}, {"n": 200})]) == 4, "four messages")
    ways = [(m["kind"], m["dir"], m["from"]["pid"] == guest.pid, m["to"]["pid"] == guest.pid)
            for m in monitor.of("guest.twice") if m["args"] in ({"n": 100}, {"n": 200})]
    tap.equal(ways, [("call", "in", False, False), ("call", "out", False, True), ("reply", "in", True, False), ("reply", "out", False, False)],
              "its way")
    offer, = [m for m in monitor.messages if m["kind"] == "offer"]
    tap.equal((offer["from"]["pid"], offer["service"], offer["member"]), (guest.pid, "guest", ""), "the offer")
    doubled = [m for m in monitor.of("guest.doubled") if m["kind"] == "signal"]
    tap.equal([(m["from"]["pid"], m["dir"]) for m in doubled[:1]], [(guest.pid, "in")], "whose signal it is")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_what_is_refused_is_seen_with_what_it_was():
    service = served()
    os.chmod(service.bus, 0o666)
    os.chown(service.bus, 0, 65534)
    monitor = Monitor(service, "-j", "echo.*")
    refused = raw.call(raw.SECRET, serial=77)
    with raw.nobody():
        tap.equal(raw.Peer(service.bus).answer(refused), 13, "EACCES")
    until(lambda: len(monitor.of("echo.secret")) == 2, "the call and its refusal")
    _, fail = monitor.of("echo.secret")
    tap.equal((fail["kind"], fail["serial"], fail["reason"], fail["from"]["pid"]), ("fail", 77, "EACCES", service.process.pid), "the refusal")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_nothing_is_done_while_nobody_monitors_and_none_sees_itself():
    service = served()
    for _ in range(20):
        number(service)
    tap.equal(monitors(service), {"listening": 0, "messages": 0, "lost": 0}, "before")
    first, second = Monitor(service, "-j", out="first"), Monitor(service, "-j", out="second")
    number(service, n=11)
    until(lambda: any(m["args"] == {"n": 11} for m in second.messages), "the call to be seen")
    until(lambda: first.of("bus.message") and second.of("bus.message"), "the second one to be seen")
    time.sleep(0.3)
    tap.equal([len(first.of("bus.message")), len(second.of("bus.message"))], [1, 1], "only that the second one began")
    seen = monitors(service)["messages"]
    until(lambda: len(first.messages) >= seen - 4, "the rest")
    tap.equal(monitors(service)["messages"] - seen < 10, True, "messages that messages caused")
    tap.equal((first.end(), second.end()), (0, 0), "statuses")
    until(lambda: monitors(service)["listening"] == 0, "both to be gone")
    seen = monitors(service)["messages"]
    number(service)
    tap.equal((monitors(service)["messages"], seen > 0), (seen, True), "messages after")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_looking_on_attaches_nothing():
    service = served()
    monitor = Monitor(service, "-j")
    tap.equal(test_bus.on_demand(service), False, "a program on demand, while one looks on")
    listener = Listener(service, "-j", "echo.execed")
    until(lambda: test_bus.on_demand(service), "the program to be attached for who listens")
    until(lambda: tap.run("/bin/true") and any(m["args"]["comm"] == "true" for m in monitor.of("echo.execed") if m["kind"] == "signal"),
          "the signal to be seen")
    listener.process.kill()
    listener.process.wait()
    until(lambda: not test_bus.on_demand(service), "the program to be detached, although one looks on")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_who_listens_to_all_signals_does_not_hear_of_each_again():
    service = served()
    listener = Listener(service, "-j", "*")
    until(lambda: any(row["service"] == "echo" for row in json.loads(shell(service, "call", "-j", "bus", "subscriptions").stdout)["rows"]),
          "it to listen")
    tap.equal(monitors(service)["listening"], 0, "who is told of messages")
    listener.process.kill()
    listener.process.wait()
    named = Listener(service, "-j", "bus.*", "-n", "1")
    until(lambda: monitors(service)["listening"] or named.process.poll() is not None, "one that names it")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_a_monitor_that_does_not_read_costs_the_others_nothing_and_learns_what_it_lost():
    service = served()
    monitor = Monitor(service, "-j")
    monitor.process.send_signal(signal.SIGSTOP)
    listener = Listener(service, "-j", "echo.heard", "-d", "60s")
    until(lambda: any(row["signal"] == "heard" for row in json.loads(shell(service, "call", "-j", "bus", "subscriptions").stdout)["rows"]),
          "somebody to listen")
    for _ in range(20):
        prints(service, ("call", "echo", "shout", "times=500", "bytes=4000"), "")  # within EBUS_TIMEOUT_MS
    monitor.process.send_signal(signal.SIGCONT)

    def lost():
        number(service, n=12)
        return [m["lost"] for m in monitor.messages if m["args"] == {"n": 12}][-1:] > [0]
    until(lost, "the loss to be told")
    last = monitor.messages[-1]["lost"]
    tap.equal({m["kind"] for m in monitor.of("bus.message")} - {"subscribe"}, set(), "what is said about the monitor's own messages")
    tap.equal(monitor.end(), 0, "status")
    tap.contains(monitor.err, "messages were lost: they came faster than they were read")
    heard = len([m for m in monitor.of("echo.heard") if m["kind"] == "signal"])
    tap.equal((heard < 10000, last >= 10000 - heard), (True, True), f"of 10000 signals {heard} were seen, and {last} messages lost")
    listener.process.kill()
    tap.equal(service.stop(), 0, "exit status of the service")


def test_what_is_captured_is_for_its_owner_alone():
    service = served()
    path = os.path.join(tap.folder(), "capture")
    with open(path, "w") as f:
        f.write("what was there\n")
    os.chmod(path, 0o666)
    monitor = Monitor(service, "-w", path, "echo.*")
    tap.equal((os.stat(path).st_mode & 0o777, os.path.getsize(path)), (0o600, 0), "mode and size of the file")
    tap.equal(monitor.end(), 0, "status")
    link = path + ".link"
    os.symlink(path, link)
    refuses(service, ("monitor", "-w", link), 1, "is a link, and nothing is written where it leads")
    refuses(service, ("monitor", "-w", "/dev/null"), 1, "is no file of this user")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_who_may_not_look_on_is_told_so():
    service = served()
    os.chmod(service.bus, 0o666)
    os.chown(service.bus, 0, 65534)
    product = shutil.copy(test_bus.build().product(), os.path.dirname(service.bus))
    nobody = dict(user=65534, group=65534, extra_groups=[], env=dict(os.environ, EMF_BUS=service.bus))
    done = tap.run(product, "monitor", **nobody)
    tap.equal((done.returncode, done.stdout), (77, ""), f"status ({done.stderr})")
    tap.contains(done.stderr, "rules do not allow this user to monitor the bus; 'acl explain 65534 bus.monitors' says which one decides")
    done = tap.run(product, "listen", "bus.message", **nobody)
    tap.equal((done.returncode, done.stdout), (77, ""), f"status ({done.stderr})")
    tap.contains(done.stderr, "signal bus.message is not heard: rules do not allow this user to listen to it")
    done = shell(service, "monitor", "-d", "1ms", "echo.*", "nothing.*")
    tap.equal((done.returncode, done.stderr), (0, "emf: warning: no service has a method or a signal that matches 'nothing.*'; 'describe' prints what there is\n"), "a pattern for nothing")
    refuses(service, ("monitor", "-n", "0"), 2, "--count: \"0\" is not a number above 0")
    refuses(service, ("monitor", "-w", "/nowhere/file"), 1, "/nowhere/file: No such file or directory")
    tap.equal(service.stop(), 0, "exit status of the service")
    refuses(service, ("monitor",), 1, "no service answers at")


def test_frames_that_make_no_sense_do_no_harm_while_somebody_looks_on():
    service = served()
    monitor = Monitor(service, "-j")
    for frames in ([raw.frame(raw.CALL, service=63)], [raw.frame(raw.CALL, service=65535, member=65535)], [raw.call(65535)],
                   [raw.frame(raw.SUBSCRIBE, bytes(16), member=999)], [raw.frame(raw.SUBSCRIBE, bytes(3))],
                   [raw.frame(raw.UNSUBSCRIBE, member=65535)], [raw.frame(raw.CANCEL, serial=5)],
                   [raw.frame(raw.FAIL)], [raw.frame(raw.FAIL, bytes(8))], [raw.frame(raw.FAIL, struct.pack("=ii", 5, 1 << 30), serial=1)],
                   [raw.frame(raw.REPLY, bytes(64), serial=1025)], [raw.frame(raw.LOST, bytes(8))], [raw.frame(raw.LOST, bytes(4))],
                   [raw.frame(raw.OFFER, b"\xff" * 80)], [raw.frame(raw.OFFER, b"echo")], [raw.frame(raw.OFFER, b"a\nb".ljust(80, b"\0"))],
                   [raw.frame(raw.SIGNAL, bytes(8))], [raw.frame(99)], [raw.call(raw.TEXT, b"\xff" * 20)], [raw.call(raw.BYTES, b"\xff" * 4)],
                   [raw.call(raw.BYTES, struct.pack("=I", 20000) + bytes(20000))]):
        peer = raw.Peer(service.bus)
        peer.send(*frames)
        peer.close()
    number(service, n=13)
    until(lambda: any(m["args"] == {"n": 13} for m in monitor.messages), "it to go on")
    cannot = {m["cannot"] for m in monitor.of("echo.text") + monitor.of("echo.bytes") if m["kind"] == "call"}
    tap.equal(cannot, {"unreadable", "cut"}, "what cannot be sent again")
    tap.equal((monitor.end(), service.stop()), (0, 0), "exit statuses")


# --- doing it again


def test_what_was_captured_is_called_again_and_answered_as_before():
    service = served()
    path = captured(service, lambda: number(service), lambda: number(service, n=9, most=3), lambda: number(service, n=9, after_ms=50, most=3),
                    lambda: shell(service, "call", "echo", "points", 'points=[{"address":"10.0.0.1"}]'),
                    lambda: shell(service, "call", "echo", "text", "s=\u00e4 b", "kind=LOUD", "loud=yes"))
    tap.equal(os.stat(path).st_mode & 0o777, 0o600, "mode of the file")
    monitor = Monitor(service, "-j", "echo.*", "guest.*")
    calls, end = replays(service, path, "--fast")
    tap.equal([(c["service"], c["method"], c["was"], c["is"], c["same"]) for c in calls],
              [("echo", "number", "ok", "ok", True), ("echo", "number", "too_loud", "too_loud", True), ("echo", "number", "too_loud", "too_loud", True),
               ("echo", "points", "ok", "ok", True), ("echo", "text", "ok", "ok", True), ("echo", "number", "ok", "ok", True)],
              "calls")
    tap.equal((end["calls"], end["same"], end["failed"], end["signals"], end["left_out"]), (6, 6, 0, 0, 0), "the sum")
    until(lambda: any(m["args"] == {"n": 4711} for m in monitor.messages), "the last call")
    with open(path) as f:
        before = [json.loads(line) for line in f]
    tap.equal([(m["kind"], m["member"], m["args"]) for m in monitor.messages], [(m["kind"], m["member"], m["args"]) for m in before],
              "what went over the bus")
    done = shell(service, "replay", path, "echo.text", "--fast")
    tap.equal((done.returncode, done.stdout.splitlines()[1:]), (0, ["1 calls, 1 answered as before, 0 failed that had not"]), "one of them")
    tap.contains(done.stdout, ": echo.text: ok, as before\n")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_a_call_that_fails_now_and_had_not_is_told_and_the_status_says_so():
    service = served()
    guest = tap.start(test_bus.build().client, service.bus, "provide")
    tap.equal(shell(service, "wait", "guest", "--timeout", f"{tap.PATIENCE}s").returncode, 0, "status of wait")
    path = captured(service, lambda: prints(service, ("call", "guest", "twice", "n=100"), "n  200\n"))
    calls, _ = replays(service, path, "--fast", "guest.twice")
    tap.equal([(c["is"], c["same"]) for c in calls if c["was"] == "ok"][-1], ("ok", True), "while the guest is there")
    guest.kill()
    guest.wait()
    calls, end = replays(service, path, "--fast", status=1)
    tap.equal([(c["was"], c["is"], c["same"]) for c in calls if c["service"] == "guest"][-1], ("ok", "ENOTCONN", False), "when it has gone")
    tap.equal(end["failed"] >= 1, True, "failed")
    with open(path) as f:
        text = f.read()
    for old, new, why in (('"member":"number"', '"member":"nmber"', "the service has no such method"),
                          ('"service":"echo"', '"service":"ecco"', "there is no service 'ecco'; did you mean 'echo'?"),
                          ('"args":{"n":4711,"after_ms":0,', '"args":{"n":4711,', "after_ms: is missing")):
        with open(path, "w") as f:
            f.write(text.replace(old, new))
        done = shell(service, "replay", path, "--fast", "*.*mber")
        tap.equal(done.returncode, 1, f"status of {new}")
        tap.contains(done.stdout, f"not sent, and was ok: {why}")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_what_cannot_be_sent_again_is_counted_and_named():
    service = served()
    listener = Listener(service, "-j", "echo.heard")
    until(lambda: any(row["signal"] == "heard" for row in json.loads(shell(service, "call", "-j", "bus", "subscriptions").stdout)["rows"]),
          "somebody to listen")
    path = captured(service, lambda: client_run(service.bus, "file"), lambda: client_run(service.bus, "bytes"),
                    lambda: raw.Peer(service.bus).answer(raw.call(raw.TEXT, raw.text(b"a\xffb"))),
                    lambda: prints(service, ("call", "echo", "shout", "times=2", "bytes=2"), ""))
    _, end = replays(service, path, "--fast")
    tap.equal((end["calls"], end["same"], end["signals"], end["left_out"], end["cannot"]),
              (5, 5, 0, 2, {"cut": 5, "descriptors": 1, "unreadable": 0, "text": 1}), "the sum")
    done = shell(service, "replay", path, "--fast")
    tap.contains(done.stdout, "2 signals left out, which --signals sends; 7 cannot be sent again: 5 larger than what is captured, "
                 "1 with file descriptors, 1 with bytes that are no text\n")
    until(lambda: len(listener.lines) == 6, "the signals of three calls")
    _, end = replays(service, path, "--fast", "--signals", "echo.heard")
    tap.equal((end["calls"], end["signals"]), (0, 2), "only the signals")
    until(lambda: len(listener.lines) == 8, "those that were sent from here")
    tap.equal(listener.lines[-2:], listener.lines[:2], "what they carried")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_replay_takes_the_time_that_it_took_or_less():
    service = served()
    path = captured(service, lambda: number(service), lambda: time.sleep(3))

    def took(*words):
        began = time.monotonic()
        replays(service, path, *words)
        return time.monotonic() - began

    def takes(least, most, *words):
        """Never less; as little as that unless the machine is busy."""
        def once():
            seconds = took(*words)
            tap.equal(seconds >= least, True, f"whether {seconds} s with {words} are {least} s at least")
            return seconds < most
        until(once, f"replay with {words} to take less than {most} s")
    takes(3, tap.PATIENCE)
    takes(1.5, 2.9, "--speed", "2")
    takes(0.3, 1.4, "--speed", "10")
    takes(0, 1.4, "--fast")
    for speed in ("0", "-1", "x", "nan", "inf", "1e9", ""):
        refuses(service, ("replay", path, "--speed", speed), 2, f'--speed: "{speed}" is not a number from 0.001 to 1000000')
    refuses(service, ("replay", path, "--fast", "--speed", "3"), 2, "--fast and --speed contradict each other")
    refuses(service, ("replay", path, "echo.*", "zzz.*"), 2, "no call or signal in it matches 'zzz.*'")
    refuses(service, ("replay",), 2, "replay needs a file that 'emf monitor -w FILE' wrote")
    tap.equal(service.stop(), 0, "exit status of the service")


def line(**kwargs):
    message = {"emf": 1, "at": 1, "time": 1, "kind": "call", "dir": "in", "from": {"pid": 1, "name": "x"}, "to": {"pid": 2, "name": "emf"},
               "service": "echo", "member": "secret", "serial": 1, "size": 0, "lost": 0, "args": {}}
    message.update(kwargs)
    return json.dumps({k: v for k, v in message.items() if v is not ...})


def test_a_file_that_is_broken_is_refused_before_anything_is_sent():
    service = served()
    path = os.path.join(os.path.dirname(service.bus), "capture")
    good = line()
    monitor = Monitor(service, "-j", "echo.*")
    for text, part in (("", None), (good, None), (good + "\n", None), (line(kind="fail", dir="out", reason="EPERM") + "\n", None),
                       (f"{good}\n\n", ":2: the line is empty"), (f"{good}\n{{\"emf\":", ":2: is no JSON; was the file cut short?"),
                       (f"{good}\nx\n", ":2: is no JSON\n"), (good + "\0\n", ":1: is no JSON"), ('{"emf":1,"emf":1}\n', ":1: is no JSON"),
                       ("[" * 100000 + "\n", ":1: is no JSON"), (f"{good}\n[]\n", ":2: this is no captured message"),
                       ("7\n", ":1: is no JSON"), (line(emf=2), ":1: it is of format 2, and this product reads 1"),
                       (line(emf="1"), ':1: "emf" is missing, or is no number'), (line(kind="shout"), ':1: "kind" is missing, or is none'),
                       (line(kind=...), ':1: "kind" is missing'), (line(dir=1), ':1: "dir" is neither'),
                       (line(service="a.b"), ':1: "service" is missing, or is no name'), (line(service=""), ':1: "service" is missing'),
                       (line(member="\x1b[1m"), ':1: "member" is missing, or is no name'), (line(member="m" * 64), ':1: "member" is missing'),
                       (line(time=-1), ':1: "time" is missing, or is no number'), (line(time=1.5), ':1: "time" is missing'),
                       (line(time=1 << 64), ":1: is no JSON"), (line(serial=None), ':1: "serial" is missing'), (line(**{"from": None}), ':1: "pid" is missing'),
                       (line(args=None), ':1: "args" is missing, or is no object'), (line(args=[1]), ':1: "args" is missing'),
                       (line(args=None, cannot="why"), ':1: "cannot" is no reason'), (line(cannot=""), ':1: "cannot" is no reason'),
                       (line(cannot=7), ':1: "cannot" is no reason'),
                       (line(kind="fail", dir="out", reason="a b"), ':1: "reason" is missing'), (line(kind="fail", dir="out"), ':1: "reason" is missing'),
                       (f"{good}\n" + " " * (4 << 20) + good, ":2: the line is longer than 4194304 bytes")):
        with open(path, "w") as f:
            f.write(text)
        done = shell(service, "replay", path, "--fast", "nothing.*")
        tap.equal(done.returncode, 2 if part is None else 1, f"status of {text[:80]!r} ({done.stderr})")
        tap.contains(done.stderr, path + (part or ": no call or signal in it matches 'nothing.*'"))
        if part:
            tap.equal((done.stdout, shell(service, "replay", path, "--fast").returncode), ("", 1), f"output of {text[:80]!r}")
    with open(path, "w") as f:
        f.truncate((64 << 20) + 1)
    refuses(service, ("replay", path), 1, "capture: is larger than 67108864 bytes")
    refuses(service, ("replay", os.path.dirname(path)), 1, ": is no file")
    refuses(service, ("replay", path + "s"), 1, "captures: No such file or directory")
    os.mkfifo(path + ".fifo")
    refuses(service, ("replay", path + ".fifo"), 1, "fifo: is no file")
    tap.equal(monitor.messages, [], "what was sent")
    tap.equal((monitor.end(), service.stop()), (0, 0), "exit statuses")


# --- sending


def test_a_signal_that_is_sent_reaches_who_listens_here_and_there():
    service = served()
    listener = Listener(service, "-j", "*.heard", "-n", "1")
    monitor = Monitor(service, "-j", "echo.heard", "bus.send", "guest.*")

    def sent():
        prints_nothing = shell(service, "send", "echo", "heard", "serial=5", "unused=0", "bytes=1,2")
        tap.equal((prints_nothing.returncode, prints_nothing.stdout), (0, ""), "status and output")
        return listener.process.poll() is not None
    until(sent, "the listener to end")
    tap.equal([json.loads(text) for text in listener.lines],
              [{"service": "echo", "signal": "heard", "args": {"serial": 5, "unused": 0, "bytes": [1, 2]}}], "what it heard")
    done = shell(service, "send", "guest", "doubled", '{"n": 78}')
    tap.equal((done.returncode, done.stderr), (0, ""), "status and messages")
    until(lambda: "doubled 78" in service.err, "the module to hear it")
    until(lambda: any(m["args"] == {"n": 78} for m in monitor.messages), "the message")
    one, = [m for m in monitor.messages if m["args"] == {"n": 78}]
    call = [m for m in monitor.of("bus.send") if m["kind"] == "call"][-1]
    tap.equal((one["kind"], one["from"], one["dir"]), ("signal", call["from"], "in"), "who it is from")
    done = shell(service, "send", "echo", "heard", "serial=5", "unused=0", "bytes=")
    tap.equal((done.returncode, done.stderr), (0, "emf: warning: echo.heard: nobody listens to it now\n"), "to nobody")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_what_cannot_be_sent_is_told_before_it_is():
    service = served()
    for words, part in ((("echo",), "send needs a service and a signal"), (("ecco", "heard"), "there is no service 'ecco'; did you mean 'echo'?"),
                        (("echo", "herd"), "service echo has no signal 'herd'; did you mean 'heard'?"),
                        (("parameters", "x"), "service parameters has no signal 'x'; 'describe parameters' prints"),
                        (("echo", "heard", "serial=5"), "echo.heard: unused: is missing"), (("echo", "heard", "serial=x"), "echo.heard: serial: "),
                        (("echo", "quiet", "a=1"), "echo.quiet: "), (("guest", "handed", "file=3"), "guest.handed: file: is a file descriptor")):
        refuses(service, ("send", *words), 2, part)
    forged = ('{"service": "bus", "signal": "message", "payload": []}', '{"service": "guest", "signal": "handed", "payload": [0,0,0,0]}')
    for words in forged:
        refuses(service, ("call", "bus", "send", words), 1, "EOPNOTSUPP")
    for words, error in (('{"service": "echo", "signal": "heard", "payload": [1]}', "EBADMSG"), ('{"service": "echo", "signal": "quiet", "payload": [1]}', "EBADMSG"),
                         ('{"service": "echo", "signal": "heard", "payload": [0,0,0,0,0,0,0,0,255,255,255,255]}', "EBADMSG"),
                         ('{"service": "echo", "signal": "no", "payload": []}', "ENOENT"), ('{"service": "no", "signal": "no", "payload": []}', "ENOENT")):
        refuses(service, ("call", "bus", "send", words), 1, error)
    tap.equal(service.stop(), 0, "exit status of the service")


def test_sending_takes_the_right_to_provide():
    service = served()
    product = shutil.copy(test_bus.build().product(), os.path.dirname(service.bus))
    nobody = dict(user=65534, group=65534, extra_groups=[], env=dict(os.environ, EMF_BUS=service.bus))

    def may(text):
        rules(text)
        service.process.send_signal(signal.SIGHUP)
        until(lambda: service.err.count("configuration read again") == may.n, "the rules to be read")
        may.n += 1
        return tap.run(product, "send", "echo", "quiet", **nobody)
    may.n = 1
    done = may("[user 65534]\nallow = read, provide:guest\n")
    tap.equal((done.returncode, done.stdout), (77, ""), f"status ({done.stderr})")
    tap.contains(done.stderr, "echo.quiet: this user may not send it: rules have to allow 'provide:echo', and to call bus.send")
    tap.contains(service.err, "may not send echo.quiet, which takes the right to provide echo (no rule: nobody else may)")
    peer = tap.start(test_bus.build().client, service.bus, "watch")
    done = may("[user 65534]\nallow = read, provide:ech*\n")
    tap.equal((done.returncode, done.stderr), (0, "emf: warning: echo.quiet: nobody listens to it now\n"), "with the right")
    peer.kill()
    send, binding = raw.members("bus")[0].index("send"), raw.bind(raw.bind_bytes("bus"))
    with raw.nobody():
        denied = raw.Peer(service.bus, bound=False)
        denied.send(binding)
        tap.equal(denied.next(raw.BOUND).err, 0, "what became of binding")
        payload = b"guest".ljust(64, b"\0") + b"doubled".ljust(64, b"\0") + struct.pack("=IQ", 8, 1)
        tap.equal(denied.answer(raw.call(send, payload)), 13, "EACCES")
    rows = json.loads(shell(service, "peers", "-j").stdout)["rows"]
    tap.equal([row["denials"] for row in rows if row["name"] == "raw"], [1], "denials that are counted")
    tap.equal(service.stop(), 0, "exit status of the service")


if __name__ == "__main__":
    tap.main()
