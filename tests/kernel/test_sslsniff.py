# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""sslsniff: what goes through OpenSSL, against a client and a server of the test's own on loopback.

Without these, data could be of another call than its line says, be cut without a word, or be missed.
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading

import tap
from tool import Tool, links, until

PLACES = 9  # four functions, at both ends, and the end of a thread

# A client that sends what it is told, and says what came back, as hexadecimal digits.
CLIENT = """
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
port = sys.stdin.readline()
with context.wrap_socket(socket.create_connection(("127.0.0.1", int(port))), server_hostname="localhost") as s:
    for line in sys.stdin:
        s.sendall(bytes.fromhex(line))
        got = b""
        while len(got) * 2 < len(line.strip()):
            got += s.recv(65536)
        print(got.hex(), flush=True)
"""


def certificate():
    """A key and a certificate that it has signed itself, for localhost."""
    tap.need_root()
    if not shutil.which("openssl"):
        raise tap.Skip("there is no openssl, which makes the certificate")
    folder = tap.folder()
    key, cert = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
    done = tap.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
                   "-addext", "subjectAltName=DNS:localhost")
    tap.equal(done.returncode, 0, f"exit status of openssl ({done.stderr})")
    return key, cert


def library_of(pid):
    """The file of OpenSSL that a process has."""
    with open(f"/proc/{pid}/maps") as f:
        found = re.search(r" (/\S*/libssl\.so\S*)$", f.read(), re.MULTILINE)
    if not found:
        raise tap.Skip("python3 has no shared OpenSSL")
    return found.group(1)


class Echo:
    """A server that sends back what it gets, in this process, to one client."""

    def __init__(self):
        import ssl

        key, self.cert = certificate()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, key)
        self.socket = socket.create_server(("127.0.0.1", 0))
        tap.cleanup(self.socket.close)
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, args=(context,), daemon=True)
        self.thread.start()

    def serve(self, context):
        import ssl

        try:
            plain = self.socket.accept()[0]
            plain.settimeout(tap.PATIENCE)
            with context.wrap_socket(plain, server_side=True) as s:
                for data in iter(lambda: s.recv(65536), b""):
                    s.sendall(data)
        except (OSError, ssl.SSLError):
            pass  # the test is over, or sees that nothing comes back


class Client:
    def __init__(self, server):
        self.server = server
        self.process = tap.start(sys.executable, "-c", CLIENT, server.cert, stdin=subprocess.PIPE)
        self.pid = self.process.pid
        until(lambda: "libssl" in open(f"/proc/{self.pid}/maps").read(), "the client to have its library")
        self.library = library_of(self.pid)

    def connect(self):
        self.process.stdin.write(f"{self.server.port}\n")

    def sends(self, data):
        """And gets it back."""
        self.process.stdin.write(data.hex() + "\n")
        self.process.stdin.flush()
        tap.equal(self.process.stdout.readline().strip(), data.hex(), "what the server sends back")

    def ends(self):
        self.process.stdin.close()
        tap.equal(self.process.wait(timeout=tap.PATIENCE), 0, "exit status of the client")


def sniffing(*words):
    tool = Tool("sslsniff", *words)
    until(lambda: links(tool.process.pid) >= PLACES or tool.process.poll() is not None, "programs to attach")
    return tool.ready()


def records(tool):
    tap.equal((tool.stop(signal.SIGINT), tool.err), (0, ""), "exit status, and messages of what was lost")
    return [json.loads(line)["args"] for line in tool.out.splitlines()]


def both(rows):
    """Bytes of either direction, in order, as the kernel part read them."""
    return {way: "".join(r["data"] for r in rows if r["direction"] == way) for way in ("WRITE", "READ")}


def test_what_a_client_writes_and_reads_is_what_is_told():
    client = Client(Echo())
    tool = sniffing("-j", "-p", str(client.pid))
    client.connect()
    said = [f"GET /secret?n={i} password={'x' * (i * 7 % 300)}\r\n" for i in range(200)]
    for text in said:
        client.sends(text.encode())
    client.ends()
    rows = records(tool)
    tap.equal({(r["pid"], r["comm"]) for r in rows}, {(client.pid, "python3")}, "whose it is")
    tap.equal([r["data"] for r in rows if r["direction"] == "WRITE"], said, "what was written, call by call")
    tap.equal(both(rows)["READ"], "".join(said), "what was read")
    tap.equal([r for r in rows if r["len"] != len(r["data"]) or r["cut"]], [], "lines whose length is another one")
    tap.equal(all(0 < r["took"] < tap.PATIENCE * 1_000_000_000 for r in rows), True, "how long the calls took")


def test_both_sides_are_told_where_no_process_is_named():
    client = Client(Echo())
    tool = sniffing("-j", "-l", client.library, "--filter", f"pid == {client.pid} || pid == {os.getpid()}")
    client.connect()
    client.sends(b"to be heard twice")
    client.ends()
    client.server.thread.join(tap.PATIENCE)
    told = [(r["pid"], r["direction"], r["data"]) for r in records(tool)]
    wanted = [(pid, way, "to be heard twice") for pid in (client.pid, os.getpid()) for way in ("WRITE", "READ")]
    tap.equal(sorted(told), sorted(wanted), "lines of both")


def test_long_data_is_cut_where_it_was_asked_for_and_that_is_told():
    for most, words in ((4096, []), (100, ["-B", "100"]), (16384, ["--bytes", "16384"]), (0, ["-B", "0"])):
        client = Client(Echo())
        tool = sniffing("-j", "-p", str(client.pid), *words)
        client.connect()
        text = "".join(f"{i:07d}\n" for i in range(5000))  # 40000 bytes in one call
        client.sends(text.encode())
        client.ends()
        rows = records(tool)
        written = [r for r in rows if r["direction"] == "WRITE"]
        tap.equal([(r["len"], r["data"], r["cut"]) for r in written], [(40000, text[:most], True)], f"what was written, of {most} bytes")
        read = [r for r in rows if r["direction"] == "READ"]
        tap.equal(sum(r["len"] for r in read), 40000, "bytes that were read")
        at = 0
        for r in read:
            tap.equal((r["data"], r["cut"]), (text[at:at + r["len"]][:most], r["len"] > most), f"what was read from {at} on")
            at += r["len"]


def test_bytes_that_are_no_text_are_escaped():
    client = Client(Echo())
    tool = sniffing("--columns", "direction,len,data", "-p", str(client.pid))
    client.connect()
    client.sends(b"a\0b\x01\xff\x1b[2J\nz")
    client.ends()
    tap.equal((tool.stop(signal.SIGINT), tool.err), (0, ""), "exit status and messages")
    tap.equal([line.split(None, 2) for line in tool.out.splitlines()[1:]],
              [[way, "11", "a\\x00b\\x01\\xff\\x1b[2J\\nz"] for way in ("WRITE", "READ")], "lines")


def test_the_older_functions_are_seen_too():
    key, cert = certificate()
    openssl = os.path.realpath(shutil.which("openssl"))
    server = tap.start(openssl, "s_server", "-rev", "-accept", "127.0.0.1:0", "-cert", cert, "-key", key, "-naccept", "1", stderr=subprocess.STDOUT)
    port = next((m.group(1) for m in (re.match(r"ACCEPT \S+:(\d+)", line) for line in server.stdout) if m), None)
    tap.equal(bool(port), True, "whether the server says where it listens")
    client = tap.start(openssl, "s_client", "-quiet", "-connect", f"127.0.0.1:{port}", stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    tool = sniffing("-j", "-p", str(client.pid))
    client.stdin.write("by SSL_write(3)\n")
    client.stdin.flush()
    tap.equal(client.stdout.readline(), ")3(etirw_LSS yb\n", "what the server sends back")
    rows = records(tool)
    tap.equal([(r["direction"], r["data"], r["comm"]) for r in rows],
              [("WRITE", "by SSL_write(3)\n", "openssl"), ("READ", ")3(etirw_LSS yb\n", "openssl")], "lines")


def test_where_there_is_no_library_it_says_so_and_how_to_name_one():
    tap.need_root()
    hide = 'for f in /lib*/libssl.so* /usr/lib*/libssl.so* /lib/*/libssl.so* /usr/lib/*/libssl.so* /usr/local/lib*/libssl.so*; do ' \
           'test ! -e "$f" || mount --bind /dev/null "$f"; done; exec "$@"'
    done = tap.run("unshare", "-m", "sh", "-c", hide, "sh", tap.PRODUCT, "sslsniff", "-d", "1")
    tap.equal((done.returncode, done.stdout), (1, ""), "exit status and output")
    tap.contains(done.stderr, "this system has no library 'libssl' where libraries are: name the file that has its functions with --library")
    done = tap.run(tap.PRODUCT, "sslsniff", "-p", "2")  # a thread of the kernel
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, "process 2 has no shared library 'libssl'")


def test_its_help_says_what_it_exposes():
    tap.contains(tap.run(tap.PRODUCT, "sslsniff", "--help").stdout, "passwords")


tap.main()
