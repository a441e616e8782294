# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Packages by their address: https alone, from a server whose certificate is right, no more than is allowed; what comes is checked as any package is.

Without these, whoever stands between two machines could hand over a program that root runs.
"""
import http.server
import json
import os
import ssl
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import eunomia  # noqa: E402 - the path has to be set first
import scratch  # noqa: E402
import tap  # noqa: E402
from tool import Tool  # noqa: E402

UNSIGNED = "--allow-unsigned"
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
MAX = 16 << 20


def need_fetch():
    if not os.path.exists(os.path.join(tap.BUILD, "obj", "fetch.so")):
        raise tap.Skip("fetch.so was not built (Debian: libcurl4-openssl-dev)")


class Certificates:
    """An authority of our own, and what it says of localhost."""

    def __init__(self, folder, name="authority of a test"):
        os.chmod(folder, 0o755)
        self.ca, self.key, self.chain = (os.path.join(folder, name) for name in ("ca.pem", "localhost.key", "localhost.pem"))
        ca_key = os.path.join(folder, "ca.key")
        new = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
        scratch.must(*new, "-subj", f"/CN={name}", "-keyout", ca_key, "-out", self.ca, cwd=folder)
        scratch.must(*new, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE",
                     "-CA", self.ca, "-CAkey", ca_key, "-keyout", self.key, "-out", self.chain, cwd=folder) if self._can_sign() else self._sign(folder, ca_key)
        os.chmod(self.ca, 0o644)

    @staticmethod
    def _can_sign():
        return "-CAkey" in tap.run("openssl", "req", "-help").stderr

    def _sign(self, folder, ca_key):
        request, extensions = os.path.join(folder, "request"), os.path.join(folder, "extensions")
        scratch.write(extensions, "subjectAltName=DNS:localhost\n")
        scratch.must("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost", "-keyout", self.key, "-out", request, cwd=folder)
        scratch.must("openssl", "x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "2", "-extfile", extensions,
                     "-out", self.chain, cwd=folder)


@scratch.once
def certificates(parent):
    return Certificates(parent)


@scratch.once
def other(parent):
    """Another authority, which has said nothing of the server."""
    return Certificates(parent, "another authority of a test")


@scratch.once
def package(parent):
    return eunomia.Tool(eunomia.Kernel(eunomia.compiled(eunomia.SOURCE, os.path.join(parent, "tool.o")))).write(os.path.join(parent, "tool.json"))


class Server:
    """Answers on loopback what a test says, until it ends."""

    def __init__(self, answers, is_tls=True):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                answer = answers.get(self.path)
                if answer is None:
                    self.send_error(404)
                elif isinstance(answer, str):
                    self.send_response(302)
                    self.send_header("Location", answer.replace("PORT", str(outer.port)))
                    self.end_headers()
                else:
                    data, has_length = answer
                    self.send_response(200)
                    if has_length:
                        self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self._send(data)

            def _send(self, data):
                try:
                    self.wfile.write(data)
                except OSError:
                    pass  # whoever asked has had enough

            def log_message(self, *words):
                pass

        need_fetch()
        self.asked = []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.server.handle_error = lambda *words: None  # a certificate that was refused
        if is_tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates().chain, certificates().key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        thread.start()
        tap.cleanup(self.server.server_close)
        tap.cleanup(self.server.shutdown)

    def url(self, path, host="localhost", scheme="https"):
        return f"{scheme}://{host}:{self.port}{path}"


def read(path):
    with open(path, "rb") as f:
        return f.read()


def environment(**more):
    return {**os.environ, "EMF_EXTENSIONS": os.path.join(tap.BUILD, "obj"), "no_proxy": "*", "NO_PROXY": "*", **more}


def by_nobody(url, *words, **env):
    """As a user without privileges, who may say whom it trusts."""
    within = NOBODY if os.getuid() == 0 else []
    return tap.run(*within, tap.PRODUCT, "run", url, *words, env=environment(**{"EMF_CA_FILE": certificates().ca, **env}))


def refused(done, *sentences):
    tap.equal((done.returncode, done.stdout, done.stderr.count("\n")), (1, "", 1), f"exit status, output, lines ({done.stderr})")
    for sentence in sentences:
        tap.contains(done.stderr, sentence)


def test_a_package_comes_by_https():
    server = Server({"/tool": (read(package()), True)})
    done = by_nobody(server.url("/tool"), "--help")
    tap.equal(done.returncode, 0, f"exit status ({done.stderr})")
    tap.contains(done.stdout, "a tool. and more of it.")


def test_it_may_lead_elsewhere_by_https_a_few_times():
    server = Server({"/a": "/b", "/b": "https://localhost:PORT/c", "/c": (read(package()), False)})
    tap.contains(by_nobody(server.url("/a"), "--help").stdout, "a tool. and more of it.")
    tap.equal(server.asked, ["/a", "/b", "/c"], "what was asked for")
    circle = Server({"/a": "/a"})
    refused(by_nobody(circle.url("/a")), "it leads elsewhere more than 5 times")
    tap.equal(len(circle.asked), 6, "how often it was asked for")


def test_it_may_not_lead_to_what_is_not_https():
    plain = Server({"/tool": (read(package()), True)}, is_tls=False)
    for to in (plain.url("/tool", scheme="http"), "file://" + package(), "ftp://localhost/x"):
        refused(by_nobody(Server({"/a": to}).url("/a")), "it leads to what is not https://")
    tap.equal(plain.asked, [], "what was asked for without TLS")


def test_http_is_refused_before_anything_is_asked_for():
    plain = Server({"/tool": (read(package()), True)}, is_tls=False)
    refused(by_nobody(plain.url("/tool", scheme="http")), "only https:// is taken")
    tap.equal(plain.asked, [], "what was asked for")


def test_a_certificate_of_nobody_we_trust_is_refused():
    server = Server({"/tool": (read(package()), True)})
    refused(by_nobody(server.url("/tool"), EMF_CA_FILE=""), "certificate")
    tap.equal(server.asked, [], "what was asked for")


def test_a_certificate_of_another_host_is_refused():
    server = Server({"/tool": (read(package()), True)})
    refused(by_nobody(server.url("/tool", host="127.0.0.1")), "127.0.0.1")
    tap.equal(server.asked, [], "what was asked for")


def test_who_has_privileges_is_not_told_by_the_environment_whom_to_trust():
    tap.need_root()
    server = Server({"/tool": (read(package()), True)})
    done = tap.run(tap.PRODUCT, "run", server.url("/tool"), UNSIGNED, env=environment(EMF_CA_FILE=certificates().ca))
    refused(done, "EMF_CA_FILE is for who has no privileges")
    tap.equal(server.asked, [], "what was asked for")


def test_more_than_is_allowed_is_not_taken_to_its_end():
    server = Server({"/said": (bytes(MAX + 1), True), "/unsaid": (bytes(MAX + 1), False)})
    for path in ("/said", "/unsaid"):
        refused(by_nobody(server.url(path)), f"it has more than the {MAX} bytes that are allowed")


def test_what_is_not_there_is_an_error_and_no_package():
    server = Server({"/junk": (b"<html>", True), "/empty": (b"", True)})
    refused(by_nobody(server.url("/none")), "404")
    refused(by_nobody(server.url("/junk")), "it is no package of EMF")
    refused(by_nobody(server.url("/empty")), "it is empty")
    gone = server.url("/none")
    server.server.shutdown()
    server.server.server_close()
    refused(by_nobody(gone), "onnect")


def test_without_the_extension_it_is_said_what_is_missing():
    refused(by_nobody("https://localhost/x", EMF_EXTENSIONS=tap.folder()), "the extension fetch, which is not installed")


def by_nobody_on_a_system_that_trusts(ca, url, *words, **env):
    """The folder of the system's authorities has that one alone, as a bundle and by the hash of its name."""
    certs = os.path.dirname(BUNDLE)
    script = (f'mount -t tmpfs none {certs} && cp "$0" {BUNDLE} && cp "$0" {certs}/$(openssl x509 -hash -noout -in "$0").0 && chmod 755 {certs} && '
              f'exec {" ".join(NOBODY)} "$@"')
    return tap.run("unshare", "-m", "sh", "-c", script, ca, tap.PRODUCT, "run", url, *words, env=environment(**env))


def test_who_says_whom_they_trust_does_not_trust_the_system_as_well():
    need_bundle()
    server = Server({"/tool": (read(package()), True)})
    ca = certificates().ca
    done = by_nobody_on_a_system_that_trusts(ca, server.url("/tool"), "--help")
    tap.equal(done.returncode, 0, f"exit status where only the system is asked ({done.stderr})")
    refused(by_nobody_on_a_system_that_trusts(ca, server.url("/tool"), EMF_CA_FILE=other().ca), "certificate")
    tap.equal(server.asked, ["/tool"], "what was asked for")


# --- root, whose authority is that of the system: in a mount namespace of the test's own


def by_root(*words, **kwargs):
    script = f'mount --bind "$0" {BUNDLE} && exec "$@"'
    return tap.run("unshare", "-m", "sh", "-c", script, certificates().ca, tap.PRODUCT, *words, env=environment(**kwargs.pop("env", {})), **kwargs)


def need_bundle():
    tap.need_root()
    if not os.path.exists(BUNDLE):
        raise tap.Skip(f"this system has no {BUNDLE}")


def test_by_root_it_has_to_be_signed_or_allowed():
    need_bundle()
    server = Server({"/tool": (read(package()), True)})
    refused(by_root("run", server.url("/tool"), "-d", "1"), "it is not signed")
    done = by_root("run", server.url("/tool"), UNSIGNED, "-d", "1")
    tap.equal(done.returncode, 0, f"exit status ({done.stderr})")


def test_a_service_gets_it_from_who_loads_it():
    need_bundle()
    bus = os.path.join(tap.folder(), "bus")
    service = Tool("serve", "hello", UNSIGNED, env={"EMF_BUS": bus, "EMF_EXTENSIONS": os.path.join(tap.BUILD, "obj")}).ready()
    server = Server({"/tool": (read(package()), True)})
    done = by_root("load", server.url("/tool"), env={"EMF_BUS": bus})
    tap.equal((done.returncode, done.stderr), (0, ""), "exit status and messages of load")
    names = {m["name"] for m in json.loads(tap.run(tap.PRODUCT, "status", "-j", env=environment(EMF_BUS=bus)).stdout)["modules"]}
    tap.equal("tool" in names, True, "whether it runs")
    tap.contains(by_root("load", server.url("/none"), env={"EMF_BUS": bus}).stderr, "404")
    tap.equal(service.stop(), 0, "exit status")


def test_libcurl_is_there_only_where_an_address_is_named():
    tap.need_root()
    need_fetch()
    one = Tool("run", package(), UNSIGNED, env={"EMF_EXTENSIONS": os.path.join(tap.BUILD, "obj")}).ready()
    with open(f"/proc/{one.process.pid}/maps") as f:
        tap.equal("libcurl" in f.read(), False, "whether libcurl is mapped")
    one.stop()


tap.main()
