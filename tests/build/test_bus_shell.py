# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The bus from another shell: every command against a product whose services it was not
built with.

Without these, a person could not reach a service without writing a program, or what was
written would arrive as something else.
"""
import errno
import json
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import time

import tap
import bus_raw
import test_bus
from bus_product import rules
from test_bus import Service
from tool import HAS_SYSCALL_PROGRAMS, until


def shell(service, *words, **kwargs):
    return tap.run(test_bus.build().product(), *words, env=dict(os.environ, EMF_BUS=service.bus), **kwargs)


def prints(service, words, out):
    done = shell(service, *words)
    tap.equal((done.returncode, done.stderr, done.stdout), (0, "", out), f"status and output of {' '.join(words)}")


def answers(service, words, value):
    done = shell(service, "call", "-j", *words)
    tap.equal((done.returncode, done.stderr), (0, ""), f"status of {words}")
    tap.equal(json.loads(done.stdout), value, f"answer of {words}")


def refuses(service, words, status, part):
    done = shell(service, *words)
    tap.equal((done.returncode, done.stdout), (status, ""), f"status and output of {words}: {done.stderr}")
    tap.contains(done.stderr, part)


def served(*words):
    tap.need_root()
    return Service(*words)


def test_a_method_is_called_with_words_or_json_and_answers_people_or_programs():
    service = served()
    prints(service, ("call", "echo", "number", "n=5", "after_ms=0", "most=0"), "n  5\n")
    prints(service, ("call", "echo", "number", '{"n": 7, "after_ms": 20, "most": 0}'), "n  7\n")
    answers(service, ("echo", "number", "n=0x10", "after_ms=0", "most=0"), {"n": 16})
    answers(service, ("echo", "number", "n=18446744073709551615", "after_ms=0", "most=0"), {"n": "18446744073709551615"})
    answers(service, ("echo", "bytes", "b=1,2,255"), {"b": [1, 2, 255]})
    prints(service, ("call", "echo", "number", ' {"n": 7, "after_ms": 0, "most": 0}'), "n  7\n")
    answers(service, ("echo", "bytes", "b="), {"b": []})
    answers(service, ("echo", "text", "s=\u00e4 b", "kind=LOUD", "loud=yes"), {"s": "\u00e4 b"})
    answers(service, ("echo", "text", '{"s": "c", "kind": "loud", "loud": true}'), {"s": "c"})
    prints(service, ("call", "echo", "text", "s=\x1b[1m\\\n", "kind=PLAIN", "loud=no"), "s  \\x1b[1m\\\\\\n\n")  # what drives a terminal
    prints(service, ("call", "echo", "never", "--timeout", "1h", "--help"), shell(service, "call", "--help").stdout)
    tap.equal(service.stop(), 0, "exit status of the service")


def test_structs_arrays_and_defaults_are_what_people_write():
    service = served()
    point = {"address": "10.0.0.1", "port": 80, "kind": "LOUD", "last": False}
    answers(service, ("echo", "points", '{"points": [{"address": "10.0.0.1"}]}'),
            {"wait": 5000000, "first": point, "points": [point]})
    prints(service, ("call", "echo", "points", "wait=1s", 'points=[{"address":"10.0.0.1"}]'),
           "wait           1s\nfirst.address  10.0.0.1\nfirst.port     80\nfirst.kind     LOUD\nfirst.last     false\n"
           "points:\nADDRESS   PORT  KIND  LAST\n10.0.0.1  80    LOUD  false\n")
    one = '[{"address": "10.0.0.1"}]'
    for words in ((f"points={one}", "wait=500"), (f'{{"points": {one}, "wait": 500}}',), (f'{{"points": {one}, "wait": "500"}}',), (f"points={one}", "wait=500ns")):
        answers(service, ("echo", "points", *words), {"wait": 500, "first": point, "points": [point]})
    refuses(service, ("call", "echo", "points", "points="), 1, "EINVAL")  # by echo, who has no first one to answer with
    for wait, shown in (("9999ms", "9999ms"), ("12345678ns", "12ms"), ("317631664ns", "318ms"), ("1s", "1s"), ("90061s", "1501m"), ("0", "0")):
        tap.equal(shell(service, "call", "echo", "points", f"points={one}", f"wait={wait}").stdout.split()[:2], ["wait", shown], "for people")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_a_call_that_fails_says_how():
    service = served()
    refuses(service, ("call", "echo", "number", "n=9", "after_ms=0", "most=3"), 1, "emf: echo.number: too_loud: most=3\n")
    refuses(service, ("call", "echo", "number", "n=9", "after_ms=10", "most=3"), 1, "emf: echo.number: too_loud: most=3\n")
    refuses(service, ("call", "echo", "never", "--timeout", "100ms"), 1, "echo.never: no answer within 100ms; --timeout waits longer (ETIMEDOUT)")
    answers(service, ("echo", "cancelled"), {"n": 1})
    service.process.send_signal(signal.SIGSTOP)
    try:
        def gives_up():
            """Before the five seconds of a connection are over, unless the machine is busy."""
            began = time.monotonic()
            refuses(service, ("call", "echo", "cancelled", "--timeout", "100ms"), 1, "does not answer; is it stopped")
            return time.monotonic() - began < 5
        until(gives_up, "a call to give up as soon as it is to")
    finally:
        service.process.send_signal(signal.SIGCONT)
    refuses(service, ("call", "guest", "twice", "n=1"), 1, "guest.twice: nobody provides the service now")
    tap.equal(service.stop(), 0, "exit status of the service")
    refuses(service, ("call", "echo", "cancelled"), 1, "no service answers at")


def test_what_another_provider_answers_is_told_as_what_it_means():
    service = served()
    guest = bus_raw.Peer(service.bus, bound=False)
    guest.send(bus_raw.frame(bus_raw.OFFER, b"guest".ljust(80, b"\0")))
    bind = guest.next(bus_raw.BIND)
    matches = bytes(sum(struct.unpack_from("=HHH", bind.payload, 88)))
    guest.send(bus_raw.frame(bus_raw.BOUND, struct.pack("=iI16s", 0, 1, b"1.0") + matches, service=bind.service))
    for error, part in ((errno.ELOOP, "guest.twice: the calls go round in a circle"),
                        (errno.ETIMEDOUT, "guest.twice: Connection timed out (ETIMEDOUT)")):  # of its own: nobody waited
        call = tap.start(test_bus.build().product(), "call", "guest", "twice", "n=1", "--timeout", "1h", env=dict(os.environ, EMF_BUS=service.bus))
        while (asked := guest.next(bus_raw.CALL)).payload != struct.pack("=Q", 1):
            pass  # what the product asks by itself
        guest.send(bus_raw.frame(bus_raw.FAIL, struct.pack("=ii", -error, -1), serial=asked.serial))
        tap.equal(call.wait(timeout=tap.PATIENCE), 1, "status")
        tap.contains(call.stderr.read(), part)
    guest.close()
    tap.equal(service.stop(), 0, "exit status of the service")


def test_bad_words_are_told_before_anything_is_called():
    service = served()
    for words, part in ((("echo",), "call needs a service and a method"),
                        (("ecco", "number"), "there is no service 'ecco'; did you mean 'echo'?"),
                        (("x" * 100, "number"), "there is no service"),
                        (("echo", "nmber"), "service echo has no method 'nmber'; did you mean 'number'?"),
                        (("echo", "number"), "echo.number: n: is missing: a number, not negative"),
                        (("echo", "number", "n=1", "after_ms=0", "most=0", "m=1"), "unknown name 'm'"),
                        (("echo", "number", "n=1", "after_ms=-1", "most=0"), "after_ms: -1 does not fit"),
                        (("echo", "number", '{"n":'), "arguments: is no JSON"),
                        (("echo", "text", "s=0123456789abcdef", "kind=LOUD", "loud=1"), "is longer than 15 bytes"),
                        (("echo", "text", "s=", "kind=LOUT", "loud=1"), "did you mean 'LOUD'?"),
                        (("echo", "points", 'points=[{"address":"1.1.1.1"},{"address":"1.1.1.1","port":0}]'),
                         "points[1].port: 0 is out of range (1 to 1000)"),
                        (("echo", "points", 'points=[{},{},{},{}]'), "points: 4 elements, and there may be at most 3"),
                        (("echo", "file", "file=3"), "file: is a file descriptor"),
                        (("echo", "file"), "file: is a file descriptor"),
                        (("echo", "number", '{"n": 1}', "most=0"), "JSON and NAME=VALUE cannot be mixed"),
                        (("echo", "number", "most=0", ' {"n": 1}'), "JSON and NAME=VALUE cannot be mixed"),
                        (("echo", "number", "{n: 1}"), "is no JSON: a name in double quotes or '}' is expected"),
                        (("echo", "number", ".=3"), "'.=': a name is empty"),
                        (("echo", "points"), "points: is missing: an array"),
                        (("echo", "number", "--timeout"), "emf: call: option '--timeout' needs an argument"),
                        (("echo", "number", "--timeout", "soon"), "--timeout: \"soon\" is not")):
        refuses(service, ("call", *words), 2, part)
    tap.equal(service.stop(), 0, "exit status of the service")


def test_who_may_not_is_told_so():
    service = served()
    os.chmod(service.bus, 0o666)
    os.chown(service.bus, 0, 65534)  # the group nogroup, that nobody is of, may read
    answers(service, ("echo", "secret"), {"n": 42})
    product = shutil.copy(test_bus.build().product(), os.path.dirname(service.bus))  # where nobody may read it
    nobody = dict(user=65534, group=65534, extra_groups=[], env=dict(os.environ, EMF_BUS=service.bus))
    answered = tap.run(product, "call", "-j", "echo", "cancelled", **nobody)
    tap.equal((answered.returncode, answered.stderr), (0, ""), "what is for all")
    refused = tap.run(product, "call", "echo", "secret", **nobody)
    tap.equal((refused.returncode, refused.stdout), (77, ""), "status of what is not")
    tap.contains(refused.stderr, "emf: echo.secret: rules do not allow this user to call it; 'acl explain 65534 echo.secret' says")
    refused = tap.run(product, "listen", "echo.quiet", "-d", "1ms", **nobody)
    tap.equal((refused.returncode, refused.stdout), (77, ""), "status where nothing can be heard")
    tap.contains(refused.stderr, "signal echo.quiet is not heard: rules do not allow this user to listen to it; 'acl explain 65534 echo.quiet' says")
    listener = Listener(service, "echo.[hq]*", "-n", "1", product=product, user=65534, group=65534, extra_groups=[])
    shout_until(service, lambda: listener.process.poll() is not None, "what can be heard")
    tap.equal((listener.process.returncode, listener.lines[-1]), (0, "echo.heard serial=0 unused=0 bytes=[0,0]"), "the end of the listener")
    tap.contains("\n".join(listener.lines), "warning: signal echo.quiet is not heard")
    os.chmod(service.bus, 0o600)
    refused = tap.run(product, "services", **nobody)
    tap.equal((refused.returncode, refused.stdout), (77, ""), "status of who may not connect")
    tap.contains(refused.stderr, f"this user may not connect to {service.bus}; run as root")
    os.chmod(service.bus, 0o666)
    os.chown(service.bus, 0, 0)
    refused = tap.run(product, "services", **nobody)
    tap.equal((refused.returncode, refused.stdout), (77, ""), "status of who is hung up on")
    tap.contains(refused.stderr, "does not let this user in; run as root, or see its log")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_services_are_listed_and_described():
    service = served()
    lines = shell(service, "services").stdout.splitlines()
    tap.equal(lines[0].split(), ["SERVICE", "VERSION", "PROVIDER", "METHODS", "SIGNALS"], "heading")
    rows = {line.split()[0]: line.split()[1:3] for line in lines[1:]}
    tap.equal((rows["echo"], rows["guest"], rows["introspection"]), (["1.2", "echoer"], ["1.0", "-"], ["1.0", "emf"]), "rows")
    guest = tap.start(test_bus.build().client, service.bus, "provide")
    tap.equal(shell(service, "wait", "guest", "--timeout", f"{tap.PATIENCE}s").returncode, 0, "status of wait")
    rows = {row["name"]: row for row in json.loads(shell(service, "services", "-j").stdout)}
    tap.equal((rows["guest"]["provided"], rows["guest"]["pid"]), (True, guest.pid), "the guest")
    prints(service, ("call", "guest", "twice", "n=100"), "n  200\n")
    guest.kill()
    guest.wait()
    described = shell(service, "describe", "guest").stdout
    tap.contains(described, "service guest 1.0 {\n")
    tap.contains(shell(service, "describe").stdout, described)
    tap.equal(json.loads(shell(service, "describe", "-j", "guest").stdout)["methods"][0]["name"], "twice", "as JSON")
    refuses(service, ("peers", "extra"), 2, "emf: peers takes no further words, and got 'extra'")
    refuses(service, ("describe", "gest"), 2, "did you mean 'guest'?")
    refuses(service, ("describe", "echo", "guest"), 2, "got 'guest' too")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_wait_ends_when_the_service_is_there_or_the_time_is_over():
    service = served()
    refuses(service, ("wait", "guest", "--timeout", "200ms"), 1, "service guest: nobody provides it yet")
    refuses(service, ("wait", "gest"), 2, "did you mean 'guest'?")
    refuses(service, ("wait",), 2, "wait needs the name of one service")
    tap.equal(service.stop(), 0, "exit status of the service")
    refuses(service, ("wait", "echo", "--timeout", "200ms"), 1, "no service answers at")
    waiting = tap.start(test_bus.build().product(), "wait", "echo", env=dict(os.environ, EMF_BUS=service.bus))
    time.sleep(0.3)
    tap.equal(waiting.poll(), None, "it ended before there was a service")
    service.start()
    tap.equal(waiting.wait(timeout=tap.PATIENCE), 0, "status of wait")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_parameters_are_read_and_changed_while_modules_run():
    service = served()
    prints(service, ("get",), "PARAMETER        VALUE  DEFAULT  LIVE\nechoer.loudness  5      5        yes\n"
                              "echoer.depth     5ms    5ms      no\n")
    prints(service, ("set", "echoer.loudness=7"), "")
    prints(service, ("get", "echoer.loudness"), "7\n")
    tap.equal(json.loads(shell(service, "get", "-j", "echoer").stdout), {"echoer.loudness": "7", "echoer.depth": "5ms"}, "as JSON")
    answers(service, ("parameters", "get", "module=echoer", "name=loudness"),
            {"rows": [{"module": "echoer", "name": "loudness", "value": "7", "initial": "5", "live": True}]})
    service.process.send_signal(signal.SIGHUP)
    until(lambda: "reload" in service.err or "again" in service.err or "configuration" in service.err, "the configuration to be read")
    prints(service, ("get", "echoer.loudness"), "7\n")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_several_parameters_change_all_or_none():
    service = served()
    for words, status, part in ((("echoer.loudness=8", "echoer.depth=1s"), 1, "echoer.depth cannot change while the module runs"),
                                (("echoer.loudness=8", "echoer.loudness=9"), 2, "echoer.loudness is set twice"),
                                (("echoer.loudness=8", "ecoer.depth=1s"), 2, "there is no module 'ecoer'; did you mean 'echoer'?"),
                                (("echoer.loudness=8", "echoer.deep=1s"), 2, "no parameter 'deep'"),
                                (("echoer.loudness=8", "echoer.loudness"), 2, "MODULE.PARAMETER=VALUE, and got 'echoer.loudness'"),
                                (("echoer.loudness=11",), 2, "echoer.loudness: 11 is out of range (1 to 10)"),
                                (("echoer.loudness=" + "1" * 2000,), 2, "is longer than 1023 bytes"),
                                ((), 2, "set takes one to 64 words")):
        refuses(service, ("set", *words), status, part)
        prints(service, ("get", "echoer.loudness"), "5\n")
    refuses(service, ("get", "ecoer"), 2, "did you mean 'echoer'?")
    refuses(service, ("get", "echoer", "x"), 2, "get takes one MODULE")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_statistics_are_told():
    service = served()
    loop = json.loads(shell(service, "call", "-j", "statistics", "loop").stdout)
    tap.equal((loop["turns"] > 0, 0 < loop["longest"] <= loop["busy"] <= loop["up"]), (True, True), str(loop))
    answers(service, ("statistics", "queues"), {"rows": [{"module": "echoer", "name": "event_" + name, "pid": 0, "kind": "RING", "seen": 0, "sent": 0, "dropped": 0, "received": 0}
                                                         for name in ("execed", "oldest", "newest", "each")]})
    done = shell(service, "call", "-j", "statistics", "programs")
    names = [(row["module"], row["name"]) for row in json.loads(done.stdout)["rows"]]
    served_by = ("add", "reverse", "clear") if HAS_SYSCALL_PROGRAMS else ()
    tap.equal(names, [("echoer", name) for name in ("on_exec", *served_by)], "programs")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_the_log_is_heard_and_its_level_set():
    service = served()
    refuses(service, ("call", "log", "set_level", "level=LOUD"), 2, "there are: ERR, WARN, INFO, DEBUG")
    listener = Listener(service, "-j", "log.line", "-n", "1")

    def heard():
        service.process.send_signal(signal.SIGHUP)
        return listener.process.poll() is not None
    until(heard, "a line of the log")
    line = json.loads(listener.lines[0])["args"]
    tap.equal((line["module"], line["level"], line["text"], line["lost"]), ("emf", "INFO", "configuration read again", 0), "the line")
    prints(service, ("call", "log", "set_level", "level=ERR"), "")
    answers(service, ("log", "get_level"), {"level": "ERR"})
    tap.equal(service.stop(), 0, "exit status of the service")


def test_a_flood_of_the_log_is_bounded_and_counted():
    service = served()
    listener = Listener(service, "-j", "log.line")
    rules("nonsense\n" * 300)  # a line of the log for each, whenever they are read
    lines = []

    def flooded():
        for _ in range(50):
            service.process.send_signal(signal.SIGHUP)
            time.sleep(0.01)
        lines[:] = [json.loads(line)["args"] for line in listener.lines]
        return lines and lines[-1]["lost"]
    until(flooded, "lines to be lost")
    times = sorted(line["at"] for line in lines)
    tap.equal(max(sum(1 for t in times if 0 <= t - first < 500000000) for first in times) <= 400, True, "lines in half a second")
    tap.equal(service.stop(), 0, "exit status of the service")


class Listener:
    def __init__(self, service, *words, product=None, **kwargs):
        self.path = os.path.join(tap.folder(), "out")
        with open(self.path, "w") as out:
            self.process = tap.start(product or test_bus.build().product(), "listen", *words, stdout=out, stderr=subprocess.STDOUT,
                                     env=dict(os.environ, EMF_BUS=service.bus), **kwargs)

    @property
    def lines(self):
        with open(self.path) as f:
            return f.read().splitlines()


def shout_until(service, condition, what):
    """A signal is for those who listen already, and only time tells when that is."""
    def one():
        prints(service, ("call", "echo", "shout", "times=1", "bytes=2"), "")
        return condition()
    until(one, what)


def test_signals_are_heard_by_pattern():
    service = served()
    people = Listener(service, "echo.h*", "-n", "2")
    programs = Listener(service, "-j", "*.heard", "echo.[hq]*", "-n", "1")
    shout_until(service, lambda: people.process.poll() is not None and programs.process.poll() is not None, "both to end")
    tap.equal((people.process.returncode, programs.process.returncode), (0, 0), "statuses")
    tap.equal(people.lines, ["echo.heard serial=0 unused=0 bytes=[0,0]"] * 2, "for people")
    tap.equal([json.loads(line) for line in programs.lines],
              [{"service": "echo", "signal": "heard", "args": {"serial": 0, "unused": 0, "bytes": [0, 0]}}], "for programs")
    timed = Listener(service, "echo.q*", "-d", "300ms")
    tap.equal((timed.process.wait(timeout=tap.PATIENCE), timed.lines), (0, []), "what ends by itself")
    refuses(service, ("listen", "nothing.*"), 2, "no service has a signal that matches 'nothing.*'")
    refuses(service, ("listen", "echo.heard", "nothing.*"), 2, "no service has a signal that matches 'nothing.*'")
    refuses(service, ("listen",), 2, "listen needs a pattern")
    refuses(service, ("listen", "*", "-n", "0"), 2, "--count: \"0\" is not a number above 0")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_a_listener_says_on_a_terminal_that_it_listens():
    service = served()
    ours, theirs = pty.openpty()
    tap.cleanup(os.close, ours)
    env = dict(os.environ, EMF_BUS=service.bus)
    listener = tap.start(test_bus.build().product(), "listen", "echo.h*", stderr=theirs, env=env)
    os.close(theirs)
    tap.equal(select.select([ours], [], [], tap.PATIENCE)[0], [ours], "whether it says something")
    tap.contains(os.read(ours, 1000).decode(), "emf: listens to 1 signal; Ctrl-C ends it")
    prints(service, ("call", "echo", "shout", "times=1", "bytes=0"), "")
    listener.send_signal(signal.SIGTERM)
    tap.equal(listener.communicate(timeout=tap.PATIENCE)[0], "echo.heard serial=0 unused=0 bytes=[]\n", "what it heard after that")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_a_listener_that_is_interrupted_ends_well_and_a_call_does_not():
    service = served()
    for sig in (signal.SIGINT, signal.SIGTERM):
        listener = Listener(service, "echo.[hq]*")
        shout_until(service, lambda: listener.lines, "a signal")
        listener.process.send_signal(sig)
        tap.equal(listener.process.wait(timeout=tap.PATIENCE), 0, f"status of the listener after {sig.name}")
    call = tap.start(test_bus.build().product(), "call", "echo", "never", "--timeout", "1h", env=dict(os.environ, EMF_BUS=service.bus))
    until(lambda: sum(row["under_way"] for row in json.loads(shell(service, "peers", "-j").stdout)["rows"]) >= 2, "the call to be under way")
    call.send_signal(signal.SIGINT)
    tap.equal(call.wait(timeout=tap.PATIENCE), -signal.SIGINT, "what ended the call")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_a_path_that_can_be_no_socket_is_told():
    for path, part in (("/etc/passwd", "/etc/passwd is no socket; EMF_BUS is to name"), ("/" + "x" * 107, "longer than 107 bytes: EMF_BUS has to name")):
        done = tap.run(test_bus.build().product(), "status", env=dict(os.environ, EMF_BUS=path))
        tap.equal((done.returncode, done.stdout), (1, ""), f"status with {path}")
        tap.contains(done.stderr, part)


def test_a_listener_ends_with_the_service_or_with_who_reads():
    service = served()
    listener = Listener(service, "echo.[hq]*")
    shout_until(service, lambda: listener.lines, "a signal")
    piped = tap.start("sh", "-c", f"{test_bus.build().product()} listen 'echo.[hq]*' | head -1", stdout=subprocess.DEVNULL,
                      env=dict(os.environ, EMF_BUS=service.bus))
    shout_until(service, lambda: piped.poll() is not None, "the listener to end with its reader")
    tap.equal(service.stop(), 0, "exit status of the service")
    tap.equal(listener.process.wait(timeout=tap.PATIENCE), 1, "status of the listener")
    tap.contains(listener.lines[-1], "the service has ended")


if __name__ == "__main__":
    tap.main()
