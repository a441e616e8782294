# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The extension that answers a Prometheus server: a real one reads it, and what it has stored is what happened.

Without these, the endpoint could speak a dialect that only curl understands, be open to the network, or hang
the loop of the product on one slow client.
"""
import json
import os
import shutil
import socket
import sys
import urllib.parse

import tap
from netns import Pair
from tool import Tool, spawn, until

GET = """import sys, urllib.request, urllib.error
request = urllib.request.Request(sys.argv[2], method=sys.argv[1], data=b"x" if sys.argv[1] == "POST" else None)
try:
    with urllib.request.urlopen(request, timeout=30) as answer:
        print(answer.status, answer.headers["Content-Type"], answer.headers["Content-Length"])
        sys.stdout.flush()
        sys.stdout.buffer.write(answer.read())
except urllib.error.HTTPError as e:
    print(e.code, e.headers["Content-Type"], e.headers["Allow"])
except OSError as e:
    print("none:", e)
"""
# Twice as many connections as there may be, each with half a request, and a byte of it now and then.
HALF = """import socket, sys
open_ = []
for _ in range(16):
    s = socket.create_connection(("127.0.0.1", 9964), timeout=10)
    s.sendall(b"GET /metrics HTTP/1.1\\r\\nHost: x")
    open_.append(s)
print("open", flush=True)
import time
while True:
    time.sleep(0.5)
    for s in open_:
        try:
            s.sendall(b"x")  # never an end of it
        except OSError:
            pass
"""


class Scraped:
    """A product that serves in a network namespace of its own, with the extension."""

    def __init__(self, *words, ip6=False):
        tap.need_root()
        if not os.path.exists(os.path.join(tap.BUILD, "obj", "prometheus.so")):
            raise tap.Skip("prometheus.so was not built (Debian: libmicrohttpd-dev)")
        self.net = Pair(ip6=ip6).a
        self.within = Pair.within(self.net)
        self.env = {"EMF_BUS": os.path.join(tap.folder(), "bus"), "EMF_EXTENSIONS": os.path.join(tap.BUILD, "obj")}
        self.tool = Tool("serve", "hello", "prometheus", *words, within=self.within, env=self.env)
        self.tool.says("listens on")

    def http(self, method, path, port=9964):
        """The status line of ours, and the body."""
        done = tap.run(*Pair.within(self.net), sys.executable, "-c", GET, method, f"http://127.0.0.1:{port}{path}")
        tap.equal(done.stderr, "", "what the client says")
        return done.stdout.split("\n", 1)


def test_metrics_are_those_of_the_command():
    s = Scraped()
    head, body = s.http("GET", "/metrics")
    tap.equal(head.split(" ")[:2], ["200", "text/plain;"], "status and type")
    tap.equal(head.rsplit(" ", 1)[1], str(len(body.encode())), "length")
    told = tap.run(tap.PRODUCT, "metrics", env=dict(os.environ, **s.env)).stdout

    def names(text):
        return [line for line in text.splitlines() if line.startswith("#")]

    tap.equal(names(body), names(told), "families")
    tap.contains(body, 'emf_module_state{module="prometheus",state="running"} 1')
    tap.equal(s.tool.stop(), 0, "exit status")


def test_other_requests_are_told_what_there_is():
    s = Scraped()
    tap.equal(s.http("GET", "/"), ["200 text/plain 25", "Metrics are at /metrics.\n"], "the front page")
    tap.equal(s.http("HEAD", "/metrics")[1], "", "body of HEAD")
    tap.equal(s.http("GET", "/metrics/x")[0].split()[0], "404", "another page")
    tap.equal(s.http("POST", "/metrics")[0], "405 text/plain GET, HEAD", "another method")
    tap.equal(s.http("GET", "/metrics")[0].split()[0], "200", "and after that")


def test_it_listens_on_loopback_only():
    s = Scraped()
    lines = tap.run(*Pair.within(s.net), "ss", "-Hltn").stdout.split("\n")
    tap.equal([line.split()[3] for line in lines if line], ["127.0.0.1:9964"], "sockets that listen")


def test_address_and_port_are_parameters():
    s = Scraped("--address", "::1", "--port", "9965", ip6=True)
    lines = tap.run(*Pair.within(s.net), "ss", "-Hltn").stdout.split("\n")
    tap.equal([line.split()[3] for line in lines if line], ["[::1]:9965"], "sockets that listen")


def test_a_port_that_is_taken_is_an_error_that_names_it():
    s = Scraped()
    tool = Tool("serve", "prometheus", within=s.within, env=dict(s.env, EMF_BUS=os.path.join(tap.folder(), "bus")))
    tool.says("cannot listen on 127.0.0.1, port 9964: Address already in use; the parameters address and port choose others")
    tap.equal(s.http("GET", "/metrics")[0].split()[0], "200", "the first one")


def test_connections_that_say_nothing_hold_up_nobody():
    s = Scraped("--connections", "8")
    slow = tap.start(*Pair.within(s.net), sys.executable, "-c", HALF)
    tap.equal(slow.stdout.readline(), "open\n", "connections that are open")
    done = tap.run(tap.PRODUCT, "status", "-j", env=dict(os.environ, **s.env))
    tap.equal(done.returncode, 0, "exit status of status, which the same loop answers")
    until(lambda: s.http("GET", "/metrics")[0].startswith("200"), "an answer when the others have had their time")
    tap.equal(slow.poll(), None, "whether they hold on")


def test_a_socket_that_is_handed_over_is_taken():
    tap.need_root()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        if not os.path.exists(os.path.join(tap.BUILD, "obj", "prometheus.so")):
            raise tap.Skip("prometheus.so was not built (Debian: libmicrohttpd-dev)")
        fd = listening.fileno()
        env = {"EMF_BUS": os.path.join(tap.folder(), "bus"), "EMF_EXTENSIONS": os.path.join(tap.BUILD, "obj")}
        tool = Tool("serve", "prometheus", env=env, within=["sh", "-c", f'exec 3<&{fd}; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"', "sh"], pass_fds=[fd])
        tool.says("listens on the socket that was handed over")
    done = tap.run(sys.executable, "-c", GET, "GET", f"http://127.0.0.1:{port}/metrics")
    tap.equal(done.stdout.split(" ")[0], "200", "status")
    for word in ("stop", "start"):
        tap.equal(tap.run(tap.PRODUCT, word, "prometheus", env=dict(os.environ, **env)).returncode, 0, f"exit status of {word}")
    done = tap.run(sys.executable, "-c", GET, "GET", f"http://127.0.0.1:{port}/metrics")
    tap.equal(done.stdout.split(" ")[0], "200", "status on the same socket after a stop and a start")


def test_the_configuration_names_it_and_its_parameters():
    s = Scraped()  # for the namespace
    path = os.path.join(tap.folder(), "emf.conf")
    with open(path, "w") as f:
        f.write("[product]\nmodules = hello, prometheus\n[prometheus]\nport = 9977\n")
    tool = Tool("serve", "--config", path, within=s.within, env=dict(s.env, EMF_BUS=os.path.join(tap.folder(), "bus")))
    tool.says("listens on 127.0.0.1, port 9977")
    tap.equal(s.http("GET", "/", port=9977)[0].split()[0], "200", "status")
    tool.stop()
    with open(path, "a") as f:
        f.write("prot = 1\n")
    done = tap.run(tap.PRODUCT, "serve", "--config", path, env=dict(os.environ, **tool.env))
    tap.equal(done.returncode, 2, "exit status of a mistake in its section")
    tap.contains(done.stderr, 'module prometheus has no parameter "prot"; did you mean "port"?')


def test_it_comes_by_its_name_while_a_service_runs():
    s = Scraped()
    env = dict(os.environ, **s.env)
    for word in ("unload", "load"):
        done = tap.run(tap.PRODUCT, word, "prometheus", env=env)
        tap.equal((done.returncode, done.stderr), (0, ""), f"exit status and messages of {word}")
        answer = s.http("GET", "/")[0].split()[0]
        tap.equal(answer == "200", word == "load", f"whether it answers after {word}: {answer}")


def test_without_a_service_it_says_what_is_missing():
    tap.need_root()
    if not os.path.exists(os.path.join(tap.BUILD, "obj", "prometheus.so")):
        raise tap.Skip("prometheus.so was not built (Debian: libmicrohttpd-dev)")
    done = tap.run(tap.PRODUCT, "prometheus", "-d", "100ms", env=dict(os.environ, EMF_EXTENSIONS=os.path.join(tap.BUILD, "obj")))
    tap.equal(done.returncode != 0, True, "whether it fails")
    tap.contains(done.stderr, "uses the service statistics, which is there where the product serves: run it by 'serve', or with --bus")


CONFIG = """global: {scrape_interval: 200ms, scrape_timeout: 200ms}
scrape_configs:
  - job_name: emf
    static_configs: [{targets: ["127.0.0.1:9964"]}]
"""


def test_a_real_prometheus_server_stores_what_happened():
    if not shutil.which("prometheus"):
        raise tap.Skip("prometheus is not installed")
    s = Scraped()
    at = tap.folder()
    with open(os.path.join(at, "prometheus.yml"), "w") as f:
        f.write(CONFIG)
    with open(os.path.join(at, "log"), "w") as log:
        tap.start(*Pair.within(s.net), "prometheus", f"--config.file={at}/prometheus.yml", f"--storage.tsdb.path={at}/data",
                  "--web.listen-address=127.0.0.1:9090", "--log.level=error", stdout=log, stderr=log)

    def query(text):
        done = tap.run(*Pair.within(s.net), sys.executable, "-c", GET, "GET", "http://127.0.0.1:9090/api/v1/query?query=" + urllib.parse.quote(text))
        if not done.stdout.startswith("200"):
            return None  # it does not listen yet
        result = json.loads(done.stdout.split("\n", 1)[1])["data"]["result"]
        return float(result[0]["value"][1]) if result else None

    until(lambda: query('up{job="emf"}') == 1, "the server to have read it")
    for _ in range(30):
        spawn("/bin/true")
    until(lambda: (query('sum(emf_module_ring_seen_total{module="hello"})') or 0) >= 30, "the server to have seen thirty programs start")
    tap.equal(query('emf_module_state{module="hello",state="running"}'), 1, "state of hello")
    s.tool.stop()
    until(lambda: query('up{job="emf"}') == 0, "the server to miss it")


tap.main()
