# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A client that is written with what is installed, and nothing else.

Without these, a header could be missing from the installation, and the manual could tell
of functions as they once were.
"""
import json
import os
import re
import shlex
import subprocess

import scratch
import tap
from bus_product import Service, build

FLAGS = "-std=gnu17 -Wall -Wextra -Wshadow -Wundef -Wmissing-prototypes -Wstrict-prototypes -Werror".split()


@scratch.once
def installed(parent):
    """The folder that the product was installed below."""
    build().make("install", f"prefix={parent}/usr", f"DESTDIR={parent}/to")
    return f"{parent}/to{parent}/usr"


def manual():
    with open(os.path.join(installed(), "share/man/man3/emf-client.3")) as f:
        return f.read()


def examples(text=None):
    """The blocks of the manual between .EX and .EE."""
    found = re.findall(r"^\.EX\n(.*?)^\.EE", text or manual(), re.S | re.M)
    return [text.replace("\\en", "\\n").replace("\\-", "-").replace("\\e", "\\") for text in found]


def pkg_config(*words):
    """As for packages in a folder that is no root."""
    env = dict(os.environ, PKG_CONFIG_PATH=os.path.join(installed(), "lib/pkgconfig"))
    done = tap.run("pkg-config", f"--define-variable=prefix={installed()}", f"--define-variable=libdir={installed()}/lib",
                   f"--define-variable=includedir={installed()}/include", *words, "emf-client", env=env)
    tap.equal((done.returncode, done.stderr), (0, ""), "pkg-config")
    return shlex.split(done.stdout)


def emfgen(*words, cwd):
    program = os.path.join(installed(), "share/emf/gen/emfgen")
    done = tap.run("python3", program, *words, cwd=cwd)
    tap.equal((done.returncode, done.stderr), (0, ""), f"emfgen {' '.join(words)}")


def compile_with(compiler, folder, *sources, static=False):
    out = os.path.join(folder, "client")
    flags = [f for f in FLAGS if "prototypes" not in f and f != "-std=gnu17"] if compiler.endswith("++") else FLAGS
    libs = pkg_config("--static", "--libs") if static else pkg_config("--libs")
    libs = ["-static", *libs] if static else [*libs, f"-Wl,-rpath,{installed()}/lib"]
    done = tap.run(compiler, *flags, *pkg_config("--cflags"), *sources, *libs, "-o", out, cwd=folder)
    tap.equal((done.returncode, done.stderr), (0, ""), f"what {compiler} says")
    return out


def test_the_example_of_the_manual_compiles_and_runs_as_it_is():
    tap.need_root()
    service = Service()
    folder = tap.folder()
    scratch.write(os.path.join(folder, "example.c"), examples()[-1])
    for compiler, static in (("gcc", False), ("gcc", True), ("clang", False)):
        program = compile_with(compiler, folder, "example.c", static=static)
        process = tap.start("timeout", "20", program, env=dict(os.environ, EMF_BUS=service.bus))
        tap.equal(bool(re.fullmatch(r"\d+ turns\n", process.stdout.readline())), True, "what it prints first")
        process.terminate()  # which timeout(1) passes on
        process.wait()
    tap.equal(service.stop(), 0, "exit status of the service")


def test_stubs_are_made_of_what_the_product_tells():
    tap.need_root()
    service = Service()
    folder = tap.folder()
    with open(os.path.join(folder, "echo.emf"), "w") as out:
        subprocess.run([build().product(), "describe", "echo"], env=dict(os.environ, EMF_BUS=service.bus), stdout=out, check=True, timeout=20)
    emfgen("stubs", "echo.emf", cwd=folder)
    scratch.write(os.path.join(folder, "use.c"), """
#include <emf/client.h>
#include <stdio.h>
#include "echo_emf.h"

int main(void)
{
	struct emf_client *client = emf_client_new("use", 0);
	struct echo_number_args args = { .n = 7, .after_ms = 0, .most = 5 };
	struct echo_number_reply reply;

	if (emf_client_connect(client, "emf") || emf_client_use(client, &echo_client.base)) {
		puts(emf_client_why(client));
		return 1;
	}
	if (echo_call_number(&echo_client, &args, &reply) == -EREMOTEIO && echo_error_too_loud(&echo_client))
		printf("too loud: %u\\n", echo_error_too_loud(&echo_client)->most);
	args.most = 0;
	if (!echo_call_number(&echo_client, &args, &reply))
		printf("%llu\\n", (unsigned long long)reply.n);
	emf_client_free(client);
	return 0;
}
""")
    for compiler in ("gcc", "g++"):
        program = compile_with(compiler, folder, *(["use.c", "echo_emf.c"] if compiler == "gcc" else ["-xc++", "use.c", "-xc", "echo_emf.c", "-xnone"]))
        done = tap.run(program, env=dict(os.environ, EMF_BUS=service.bus))
        tap.equal((done.returncode, done.stdout), (0, "too loud: 5\n7\n"), "what the client did")
    tap.equal(service.stop(), 0, "exit status of the service")


def test_the_shared_library_needs_libc_alone_and_exports_its_interface_alone():
    library = os.path.join(installed(), "lib/libemf-client.so.1")
    dynamic = tap.run("readelf", "-d", library).stdout
    tap.equal(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic), ["libc.so.6"], "what it needs")
    names = {line.split()[-1].split("@")[0] for line in tap.run("nm", "-D", "--defined-only", library).stdout.splitlines()}
    with open(os.path.join(installed(), "include/emf/client.h")) as f:
        wanted = set(re.findall(r"^EMF_API .*?(emf_client_\w+)\(", f.read(), re.M))
    tap.equal(wanted - names, set(), "functions of emf/client.h that it lacks")
    tap.equal(sorted(n for n in names if not re.match(r"(emf|ebus)_", n) and not n.endswith(("_client", "_service"))), [], "other names")


def test_the_manual_tells_of_every_function_of_the_header():
    with open(os.path.join(installed(), "include/emf/client.h")) as f:
        functions = set(re.findall(r"^EMF_API .*?(emf_client_\w+)\(", f.read(), re.M))
    text = manual()
    tap.equal([name for name in sorted(functions) if text.count(name) < 2 and name != "emf_client_free"], [], "functions that it does not tell of")


def test_what_is_described_is_all_that_a_client_needs():
    """Each service of a product, alone in a file, describes the same as it does among the others."""
    tap.need_root()
    service = Service()
    env = dict(os.environ, EMF_BUS=service.bus)
    listed = json.loads(tap.run(build().product(), "services", "-j", env=env).stdout)
    rows = listed["rows"] if isinstance(listed, dict) else listed
    tap.equal(len(rows) > 5, True, "whether there are services")
    for row in rows:
        folder = tap.folder()
        scratch.write(os.path.join(folder, "one.emf"), tap.run(build().product(), "describe", row["name"], env=env).stdout)
        emfgen("stubs", "one.emf", cwd=folder)
        with open(os.path.join(folder, "one_emf.h")) as f:
            there = re.search(rf"EMF_HASH_{row['name']}_service (\w+)", f.read()).group(1)
        with open(os.path.join(build().path, "obj", "emf_emf.h" if row["name"] not in ("echo", "guest") else "echo_emf.h")) as f:
            here = re.search(rf"EMF_HASH_{row['name']}_service (\w+)", f.read()).group(1)
        tap.equal(there, here, f"the hash of {row['name']}")
    tap.equal(service.stop(), 0, "exit status of the service")


if __name__ == "__main__":
    tap.main()
