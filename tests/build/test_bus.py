"""The bus between processes: a product, and clients that were written from the headers.

Without these, an answer could reach the wrong caller, a call could be lost when its
provider goes, and what a client sends could reach a module before it was looked at.
"""
import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "kernel"))

import scratch  # noqa: E402 - the path has to be set first
import tap  # noqa: E402
from tool import until  # noqa: E402

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bus")


@scratch.once
def build(parent):
    """A product of echoer, and a client; made once for all tests of this file."""
    src = scratch.source(parent)
    shutil.rmtree(os.path.join(src, "modules"))
    os.mkdir(os.path.join(src, "modules"))
    for name in ("echoer.emf", "echoer.c", "echoer.bpf.c"):
        shutil.copy(os.path.join(HERE, name), os.path.join(src, "modules"))
    shutil.copy(os.path.join(HERE, "echo.emf"), os.path.join(src, "bus-idl"))
    made = scratch.Build(src, os.path.join(parent, "build"), "--enable-werror", *os.environ.get("EMF_CONFIGURE", "").split())
    made.make()
    made.client = os.path.join(made.path, "client")
    compile_client(made, os.path.join(made.path, "obj"), made.client)
    return made


def compile_client(made, stubs, out, *flags):
    scratch.must("gcc", "-std=gnu17", "-Wall", "-Wextra", "-Wshadow", "-Werror", "-O1", "-g", "-I", os.path.join(made.src, "include"),
                 "-I", stubs, *flags, *os.environ.get("EMF_CLIENT_FLAGS", "").split(), os.path.join(HERE, "client.c"),
                 os.path.join(stubs, "echo_emf.c"), os.path.join(made.path, "libemf-client.a"), "-lpthread", "-o", out, cwd=made.path)


class Service:
    def __init__(self, *words):
        folder = tap.folder()
        os.chmod(folder, 0o755)
        self.bus = os.path.join(folder, "bus.sock")
        self.err_path = os.path.join(folder, "err")
        self.start(*words)

    def start(self, *words):
        with open(self.err_path, "a") as err:
            self.process = tap.start(build().product(), "serve", "--log", "info", *words, stdout=subprocess.DEVNULL, stderr=err,
                                     env=dict(os.environ, EMF_BUS=self.bus))
        until(lambda: client_run(self.bus).returncode == 0 or self.process.poll() is not None, "the service to answer")

    @property
    def err(self):
        with open(self.err_path) as f:
            return f.read()

    def files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def files_at_rest(self):
        """Once it has noticed that the last client is gone, which start() does not wait for."""
        counts = []

        def same():
            counts.append(self.files())
            return len(counts) > 10 and len(set(counts[-10:])) == 1
        until(same, "the number of open files to stay")
        return counts[-1]

    def stop(self, sig=signal.SIGTERM):
        self.process.send_signal(sig)
        return self.process.wait(timeout=10)


def client_run(bus, *words, **kwargs):
    return tap.run(build().client, bus, *words, **kwargs)


def client(bus, *words, **kwargs):
    """What it printed."""
    done = client_run(bus, *words, **kwargs)
    tap.equal((done.returncode, done.stderr), (0, ""), f"exit status and messages of the client ({done.stdout})")
    return done.stdout.splitlines()


def does(words, lines):
    """The client does this, and prints that; afterwards the service has no more files open than before."""
    tap.need_root()
    service = Service()
    before = service.files_at_rest()
    tap.equal(client(service.bus, *words), lines, "what the client printed")
    until(lambda: service.files() == before, "all files of the client to be closed")
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


def test_a_client_that_ends_in_the_middle_of_calls_leaves_nothing_behind():
    tap.need_root()
    service = Service()
    before = service.files_at_rest()
    for _ in range(5):
        peer = tap.start(build().client, service.bus, "leaving")
        try:
            peer.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            peer.kill()
        peer.wait()
    until(lambda: service.files() == before, "all files of the client to be closed")
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
