# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The bus between processes: a product, and clients that were written from the headers.

Without these, an answer could reach the wrong caller, a call could be lost when its
provider goes, and what a client sends could reach a module before it was looked at.
"""
import json
import os
import shutil
import signal
import struct
import subprocess

import bus_raw as raw
import tap
from bus_product import HAS_SYSCALL_PROGRAMS, Service, build, client_run, links, rules, until


def as_nobody(service, *words):
    """What the client did as user 65534, who is in no group."""
    copy = os.path.join(os.path.dirname(service.bus), "client")
    if not os.path.exists(copy):
        shutil.copy(build().client, copy)
    return tap.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy, service.bus, *words)


def client(bus, *words, **kwargs):
    """What it printed."""
    done = client_run(bus, *words, **kwargs)
    tap.equal((done.returncode, done.stderr), (0, ""), f"exit status and messages of the client ({done.stdout})")
    return done.stdout.splitlines()


def does(words, lines):
    """The client does this, and prints that; afterwards the service has no more files open than before."""
    tap.need_root()
    service = Service()
    before = service.files()
    tap.equal(client(service.bus, *words), lines, "what the client printed")
    until(lambda: service.files() <= before, "all files of the client to be closed")
    tap.equal(service.stop(), 0, f"exit status of the service ({service.err})")


def test_calls_are_answered_at_once_and_later():
    does(["number"], ["number 1"])


def test_typed_errors_come_with_what_they_carry_at_once_and_later():
    does(["error"], ["error 1 5", "error 1 5"])


def test_payloads_of_any_size_arrive_as_they_were_also_beyond_a_packet():
    does(["bytes"], [f"bytes {n} 1" for n in (0, 1, 100, 32000, 32768, 33000, 1000000, 1048576)])


def test_a_value_out_of_range_is_refused_before_the_provider_sees_it():
    does(["text"], ["text hello", "kind Invalid argument", "loud Invalid argument", "s Invalid argument"])


def test_file_descriptors_travel_both_ways_and_none_stays_open():
    does(["file"], ["file 5 hello 0 5 world -1"])


def test_a_map_that_was_handed_out_can_be_read_and_not_written_unless_it_is_rw():
    does(["map"], ["map Success, Operation not permitted", "map_rw Success"])


def test_methods_are_served_by_programs_in_the_kernel():
    if not HAS_SYSCALL_PROGRAMS:
        raise tap.Skip("methods are served by programs on Linux 5.14 and later; tests/kernel/test_served.py has what becomes of them here", doctor="before 5.14")
    does(["kernel"], ["add 1 Numerical argument out of domain", "reverse 3 2 1 0"])


def test_a_thousand_calls_may_be_under_way():
    does(["pipelined"], ["pipelined 1000 1000", "deferred 1000 1000"])


def test_ten_thousand_calls_under_a_provider_that_goes_are_each_answered_or_refused():
    does(["leaving"], ["leaving 10000, others 0, some refused 1"])


def test_a_call_that_is_not_answered_times_out_and_its_provider_is_told():
    does(["never"], ["again Operation already in progress", "never Connection timed out, cancelled 1", "cancelled 2, answered 1"])


def test_signals_reach_a_subscriber_until_it_unsubscribes():
    does(["signals"], ["signals 1", "unsubscribed 0"])


def test_what_a_slow_subscriber_does_not_hear_is_counted_and_told():
    does(["slow"], ["slow: heard and lost are all 1, some lost 1"])


FLOOD = 100000
QUEUE = 1024  # EBUS_QUEUE_MESSAGES, core/bus_peer.h


def sent(service):
    """How many signals there were for the subscriber."""
    done = tap.run(build().product(), "call", "-j", "bus", "subscriptions", env=dict(os.environ, EMF_BUS=service.bus))
    return sum(row["seen"] for row in json.loads(done.stdout)["rows"])


def flooded(signal, is_slow=False, overflow=0):
    """Of a flood of numbers to a raw subscriber: the first and the last of them that it heard without a gap from either
    end, and how many it was told are lost. One that is slow reads when all of them were sent."""
    service = Service()
    bus = raw.Peer(service.bus)
    bus.send(raw.subscribe(signal, overflow=overflow))
    bus.send(raw.call(raw.FLOOD, struct.pack("=I", FLOOD)))
    if is_slow:
        other = raw.Peer(service.bus)  # is answered by who has sent all of it
        until(lambda: other.answer(raw.number()) == 0 and sent(service) == FLOOD, "the end of the flood")
    else:
        # Slower than anybody sends, and yet room for more is made several times in EBUS_BLOCK_MAX_MS: nothing is looked at meanwhile.
        bus.collect(FLOOD * len(raw.frame(raw.SIGNAL, bytes(4))) + len(raw.frame(raw.REPLY)), pause=0.005)
    heard, lost, replied = [], 0, False
    while not replied or len(heard) + lost < FLOOD:
        one = bus.next(raw.SIGNAL, raw.LOST, raw.REPLY)
        replied |= one.kind == raw.REPLY
        if one.kind == raw.SIGNAL:
            heard += struct.unpack("=I", one.payload[:4])
        elif one.kind == raw.LOST:
            lost, = struct.unpack("=Q", one.payload)
    tap.equal((len(heard) + lost, heard == sorted(heard)), (FLOOD, True), "all are accounted for, and in order")
    first = next((i for i, n in enumerate(heard) if n != i), len(heard))
    last = next((i for i, n in enumerate(reversed(heard)) if n != FLOOD - 1 - i), len(heard))
    return first, last, lost


def test_an_event_that_drops_new_ones_leaves_a_slow_subscriber_the_oldest():
    first, last, lost = flooded(raw.OLDEST, is_slow=True)
    tap.equal((first, last, lost > 0), (FLOOD - lost, 0, True), "those from the first on, and of the last ones none")


def test_an_event_that_drops_old_ones_leaves_a_slow_subscriber_the_newest():
    _, last, lost = flooded(raw.NEWEST, is_slow=True)
    tap.equal((last, lost > 0), (QUEUE, True), "as many of the last ones as the queue has room for")


def test_an_event_that_blocks_loses_nothing_for_a_subscriber_that_reads():
    # On a busy machine it may get no turn for EBUS_BLOCK_MAX_MS; a sender that does not wait loses some each time.
    tap.equal(any(flooded(raw.EACH) == (FLOOD, FLOOD, 0) for _ in range(3)), True, "whether there is a flood of which nothing is lost")


def test_an_event_that_blocks_does_so_for_a_while_only():
    first, last, lost = flooded(raw.EACH, is_slow=True)
    tap.equal((first, last, lost > 0), (FLOOD - lost, 0, True), "those from the first on, and of the last ones none")


def test_a_subscriber_that_chooses_a_policy_has_its_own():
    _, last, lost = flooded(raw.OLDEST, is_slow=True, overflow=2)
    tap.equal((last, lost > 0), (QUEUE, True), "as many of the last ones as the queue has room for")


def test_a_subscriber_chooses_what_is_dropped_when_it_is_slow():
    tap.need_root()
    service = Service()
    for overflow, kept in ((1, "the first one 1, the last one 0"), (2, "the first one 1, the last one 1")):
        lines = client(service.bus, "queue", env=dict(os.environ, EMF_BUS=service.bus, QUEUE=str(overflow)))
        tap.equal(lines, ["Invalid argument Invalid argument", "Device or resource busy", f"all 1, some lost 1, {kept}"],
                  f"with overflow {overflow}")
    tap.equal(service.stop(), 0, "exit status of the service")


def on_demand(service):
    """Whether the program behind the signal is attached."""
    done = tap.run(build().product(), "status", "-j", env=dict(os.environ, EMF_BUS=service.bus))
    module, = json.loads(done.stdout)["modules"]
    program, = module["on_demand"]
    tap.equal((program["program"], module["programs"]), ("on_exec", int(program["attached"])), "the program, and how many are attached")
    return program["attached"]


def test_nothing_starts_with_access_rules_that_have_a_mistake():
    """What they deny would be allowed."""
    tap.need_root()
    rules("[user root]\ndeny = echo.secret\njunk\n")
    done = tap.run(build().product(), "serve", env=dict(os.environ, EMF_BUS=os.path.join(tap.folder(), "bus.sock")))
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, "test.conf:3: this is neither [section] nor key = value")
    tap.contains(done.stderr, "the access rules have mistakes: nothing starts")


def test_a_program_on_demand_is_attached_while_somebody_listens_and_its_records_are_signals():
    tap.need_root()
    service = Service()
    tap.equal((on_demand(service), links(service.process.pid)), (False, 0), "before anybody listens")
    out = os.path.join(tap.folder(), "out")
    with open(out, "w") as f:
        listeners = [tap.start(build().client, service.bus, "execs", stdout=f) for _ in range(2)]
    until(lambda: on_demand(service), "the program to be attached")
    until(lambda: tap.run("/bin/true") and "true\n" in open(out).read(), "the signal")
    listeners[0].kill()
    listeners[0].wait()
    tap.equal(on_demand(service), True, "while another one listens")
    listeners[1].kill()
    listeners[1].wait()
    until(lambda: not on_demand(service), "the program to be detached")
    until(lambda: links(service.process.pid) == 0, "its link to be closed")
    tap.contains(tap.run(build().product(), "status", env=dict(os.environ, EMF_BUS=service.bus)).stdout,
                 "echoer: program on_exec is on demand, and not attached: nobody listens")
    tap.equal(service.stop(), 0, f"exit status of the service ({service.err})")


def test_a_client_that_ends_in_the_middle_of_calls_leaves_nothing_behind():
    tap.need_root()
    service = Service()
    before = service.files()
    for _ in range(5):
        peer = tap.start(build().client, service.bus, "leaving")
        try:
            peer.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            peer.kill()
        peer.wait()
    until(lambda: service.files() <= before, "all files of the client to be closed")
    # Of what they asked for the provider may still be away.
    until(lambda: client_run(service.bus, "number").stdout == "number 1\n", "another client to be served")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_a_peer_provides_a_service_to_modules_and_to_other_peers():
    tap.need_root()
    service = Service()
    guest = tap.start(build().client, service.bus, "provide")
    until(lambda: "the guest doubles 21 to 42: 0" in service.err, "the module to be answered")
    until(lambda: "doubled 21" in service.err, "the module to hear the guest's signal")
    tap.equal(client(service.bus, "ask_guest"), ["guest 200"], "another peer")
    guest.kill()
    guest.wait()
    until(lambda: "a guest has gone" in service.err, "the module to learn that the guest is gone")
    done = client_run(service.bus, "ask_guest")
    tap.contains(done.stdout, "double: Transport endpoint is not connected")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_a_user_may_what_rules_allow_him_and_learns_what_they_do_not():
    tap.need_root()
    service = Service()
    tap.contains(as_nobody(service, "number").stdout, "Permission denied")
    rules("[user 65534]\nallow = read\n")
    service.process.send_signal(signal.SIGHUP)
    until(lambda: as_nobody(service, "number").stdout == "number 1\n", "the rule to be read")
    tap.equal(as_nobody(service, "secret").stdout, "secret 0 Permission denied\n", "a method for few")
    tap.contains(service.err, "user 65534 (process ", "the log")
    tap.contains(service.err, "may not use echo.secret, which is for admin (no rule: nobody else may)", "the log")
    rules("[user 65534]\nallow = read, echo.s*\ndeny = echo.number\n[user root]\ndeny = echo.secret\n")
    service.process.send_signal(signal.SIGHUP)
    until(lambda: as_nobody(service, "secret").stdout == "secret 42 Success\n", "the rule to be read")
    tap.contains(as_nobody(service, "number").stdout, "number: Permission denied")
    tap.equal(client(service.bus, "secret"), ["secret 0 Permission denied"], "what root is denied")
    tap.contains(as_nobody(service, "provide").stdout, "provides")
    until(lambda: "may not provide guest (no rule: nobody else may)" in service.err, "the offer to be refused")
    rules("[user 65534]\nallow = \nnonsense\n")
    service.process.send_signal(signal.SIGHUP)
    until(lambda: "the access rules have mistakes; the ones before them stay" in service.err, "the mistake to be told")
    tap.equal(as_nobody(service, "secret").stdout, "secret 42 Success\n", "by the rules from before")
    tap.equal(service.stop(), 0, "exit status of the service")


def totals(service):
    """What `bus.totals` answers; the call itself is a connection."""
    done = tap.run(build().product(), "call", "-j", "bus", "totals", env=dict(os.environ, EMF_BUS=service.bus))
    return json.loads(done.stdout)


def test_what_was_denied_and_who_was_turned_away_is_counted_also_of_processes_that_have_left():
    tap.need_root()
    service = Service()
    rules("[user 65534]\nallow = read\n")
    service.process.send_signal(signal.SIGHUP)
    until(lambda: "configuration read again" in service.err, "the rules to be read")
    first = totals(service)
    tap.equal((first["turned_away"], first["denials"]), (0, 0), "at first")
    tap.equal(totals(service)["connections"], first["connections"] + 1, "connections after one more")
    as_nobody(service, "number")
    tap.equal(totals(service)["denials"], 0, "after a call that is allowed")
    for _ in range(2):
        as_nobody(service, "secret")
    tap.equal(totals(service)["denials"], 2, "after two calls that are not")
    as_nobody(service, "provide")
    tap.equal(totals(service)["denials"], 3, "after an offer that is not")
    rules("")
    service.process.send_signal(signal.SIGHUP)
    until(lambda: service.err.count("configuration read again") == 2, "the rules to be read")
    os.chmod(service.bus, 0o666)
    before = totals(service)
    as_nobody(service, "number")
    after = totals(service)
    tap.equal([after[key] - before[key] for key in ("connections", "turned_away", "denials")], [2, 1, 0], "one that no rule knows")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_a_command_of_the_product_calls_its_method():
    tap.need_root()
    service = Service()
    env = dict(os.environ, EMF_BUS=service.bus)
    done = tap.run(build().product(), "again", "n=7", "after_ms=0", "most=0", env=env)
    tap.equal((done.returncode, done.stdout.split(), done.stderr), (0, ["n", "7"], ""), "what it printed")
    tap.contains(" ".join(tap.run(build().product(), "--help").stdout.split()), " again say a number again; echo.number ")

    def peers():
        rows = json.loads(tap.run(build().product(), "peers", "-j", env=env).stdout)["rows"]
        return [(row["name"], row["calls"]) for row in rows]

    # The command before it is a peer until the service has read that it left.
    until(lambda: peers() == [("emf", 2)], "the command itself to be the only peer")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_acl_explain_says_which_rule_decides():
    rules("[user 65534]\nallow = echo.s*\n[group 65534]\ndeny = echo.text\n")

    def explain(user, what):
        done = tap.run(build().product(), "acl", "explain", user, what)
        return done.returncode, done.stdout.replace(build().rules, "RULES"), done.stderr

    tap.equal(explain("65534", "echo.secret"),
              (0, "allowed: 65534 echo.secret, which is for admin\nRULES:2: [user 65534] allow = echo.s*\n", ""), "a rule")
    tap.equal(explain("65534", "echo.number")[:2],
              (1, "denied: 65534 echo.number, which is for read\nno rule: nobody else may\n"), "no rule")
    tap.equal(explain("root", "provide:echo")[0], 0, "root")
    tap.equal(explain("65534", "provide:echo")[:2], (1, "denied: 65534 provide:echo\nno rule: nobody else may\n"), "providing")
    for user, what in (("root", "echo.nothing"), ("root", "ecco.number"), ("no_such_user", "echo.number")):
        tap.equal(explain(user, what)[:2], (2, ""), f"status and output of {user} {what}")
    tap.contains(explain("root", "echo.nothing")[2], 'service echo has no method or signal "nothing"')
    tap.contains(explain("no_such_user", "echo.number")[2], 'there is no user "no_such_user" on this system')


def test_a_client_that_is_freed_tells_its_watchers_nothing():
    does(["watch_to_the_end"], ["watches"])


def test_a_client_learns_that_the_product_is_gone_and_reconnects():
    tap.need_root()
    service = Service()
    folder = tap.folder()
    out = os.path.join(folder, "out")
    with open(out, "w") as f:
        watcher = tap.start(build().client, service.bus, "watch", stdout=f, env=dict(os.environ, RECONNECT="1"))

    def said():
        with open(out) as f:
            return f.read().splitlines()

    until(lambda: said() == ["watches"], "the client to watch")
    service.stop(signal.SIGKILL)
    until(lambda: said() == ["watches", "echo has gone"], "the client to learn that it is gone")
    service.start()
    until(lambda: said() == ["watches", "echo has gone", "echo has come"], "the client to be back")
    watcher.kill()
    watcher.wait()
    service.stop()


if __name__ == "__main__":
    tap.main()
