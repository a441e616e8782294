# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What a person gets by pressing the tab key: without these, words that the product does
not know, or an error on the terminal."""
import os
import re
import shlex
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "kernel"))

import tap  # noqa: E402 - the path has to be set first
from netns import Pair  # noqa: E402
from packets import Service  # noqa: E402


def completed(*words):
    """What bash offers for the last of these words."""
    script = os.path.join(tap.BUILD, "obj", os.path.basename(tap.PRODUCT) + ".bash")
    array = " ".join(shlex.quote(w) for w in (tap.PRODUCT, *words))
    function = "_" + os.path.basename(tap.PRODUCT).replace("-", "_")
    done = tap.run("bash", "-c", f"source {shlex.quote(script)}; COMP_WORDS=({array}); COMP_CWORD={len(words)}; {function}; "
                   "printf '%s\\n' \"${COMPREPLY[@]}\"")
    tap.equal((done.returncode, done.stderr), (0, ""), "status and standard error")
    return done.stdout.split()


def test_the_first_word_is_a_command_or_a_module():
    tap.equal({"run", "serve", "list", "hello", "runqlat"} - set(completed("")), set(), "missing words")
    tap.equal(completed("runq"), ["runqlat"], "what begins with runq")


def test_a_module_offers_its_options():
    tap.equal({"--interval", "--per-process", "--pid", "--duration", "--help"} - set(completed("runqlat", "--")), set(), "missing")
    tap.equal(completed("runqlat", "--per-"), ["--per-process"], "what begins with --per-")


def test_run_offers_modules_and_log_its_levels():
    for command in ("run", "start", "stop", "pack"):
        tap.equal(completed(command, "hel"), ["hello"], f"what begins with hel, behind {command}")
    for command in ("unload", "upgrade", "rollback", "test"):
        tap.equal(completed(command, "hel"), ["hello"], f"what begins with hel, behind {command}")
    tap.equal(completed("serve", "--set", "runq"), ["runqlat."], "modules of --set")
    tap.equal(completed("serve", "--set", "runqlat."), ["runqlat.per-process=", "runqlat.interval="], "parameters of --set")
    left = os.path.join(tap.folder(), "left")
    for word in ("/tmp/x/y.", f"/w {left}\n#.x", "$(date).", "hello/e.", "-n."):
        tap.equal((completed("serve", "--set", word), os.path.exists(left)), ([], False), f"what {word!r} offers, and leaves")
    tap.equal(completed("hello", "--log", ""), ["err", "warn", "info", "debug"], "levels")


def test_chain_offers_what_it_does_and_the_chains_that_hang():
    tap.equal(completed("chain", "sh"), ["show"], "what begins with sh")
    tap.equal({"list", "move", "trace"} - set(completed("chain", "")), set(), "missing")
    tap.equal(completed("chain", "show", "ingress", "--d"), ["--dot"], "options")
    tap.need_root()
    pair = Pair()
    service = Service(pair, "parse")
    os.environ.update(service.env)
    tap.cleanup(os.environ.pop, "EMF_BUS")
    tap.equal(completed("chain", "show", ""), ["ingress"], "chains")
    service.stop()


def test_call_offers_the_services_of_the_running_product_and_their_methods():
    tap.equal(completed("call", "intro"), [], "services without a product")
    tap.need_root()
    os.environ["EMF_BUS"] = os.path.join(tap.folder(), "bus.sock")
    tap.start(tap.PRODUCT, "serve", "hello", stderr=subprocess.DEVNULL)
    tap.equal(tap.run(tap.PRODUCT, "wait", "introspection", "--timeout", "10s").returncode, 0, "status of wait")
    tap.equal(completed("call", "intro"), ["introspection"], "services")
    tap.equal(completed("describe", "intro"), ["introspection"], "services")
    tap.equal(completed("call", "introspection", "s"), ["services", "schema"], "methods")
    tap.equal(completed("call", "introspection", "describe", ""), ["service="], "arguments of a method")
    tap.equal(completed("call", "bus", "send", "se"), ["service="], "arguments of a method")
    tap.equal(completed("call", "statistics", "loop", ""), [], "arguments of a method without any")
    tap.equal(completed("call", "log", "set_level", "level", "=", ""), [], "names where a value stands")
    tap.equal({"module=", "text="} - set(completed("send", "log", "line", "")), set(), "members of a signal")
    tap.equal(completed("listen", "hello."), ["hello.greeting"], "signals")
    tap.equal({"log.line", "parameters.changed"} - set(completed("listen", "")), set(), "signals")
    tap.equal(completed("send", "lo"), ["log"], "services")
    tap.equal(completed("send", "log", ""), ["line"], "signals")
    tap.equal(completed("replay", os.environ["EMF_BUS"] + ".l"), [os.environ["EMF_BUS"] + ".lock"], "files")
    tap.equal(completed("read", os.environ["EMF_BUS"] + ".l"), [os.environ["EMF_BUS"] + ".lock"], "files")
    tap.equal(completed("call", "--time"), ["--timeout"], "options")
    tap.equal(completed("get", "runqlat.i"), ["runqlat.interval"], "parameters")


def asked(shell, script, *words):
    """What another shell offers: it asks bash, by the script that is installed."""
    if not shutil.which(shell):
        raise tap.Skip(f"needs {shell}")
    name = os.path.basename(tap.PRODUCT)
    with open(os.path.join(tap.BUILD, "obj", f"{name}.{shell}")) as f:
        text = f.read()
    folder = tap.folder()
    installed = re.search(r"'(/\S*/bash-completion/completions)/", text).group(1)
    os.symlink(os.path.join(tap.BUILD, "obj", f"{name}.bash"), os.path.join(folder, name))
    path = os.path.join(folder, f"{name}.{shell}")
    with open(path, "w") as f:
        f.write(text.replace(installed, folder))
    done = tap.run(shell, *script(path, (tap.PRODUCT, *words)))
    tap.equal((done.returncode, done.stderr), (0, ""), f"status and standard error of {shell}")
    return done.stdout.split()


def in_zsh(*words):
    return asked("zsh", lambda path, all_: (
        "-f", "-c", 'compadd() { while [[ $1 != -- ]]; do shift; done; shift; print -rl -- "$@" }; path_=$1; shift; words=("$@"); CURRENT=$#words; source $path_',
        "zsh", path, *all_), *words)


def in_fish(*words):
    return asked("fish", lambda path, all_: ("--no-config", "-c", f"source {path}; complete -C {shlex.quote(' '.join(all_))}"), *words)


def test_zsh_and_fish_offer_the_same():
    for words in (("runq",), ("runqlat", "--per-"), ("chain", "sh"), ("hello", "--log", "")):
        wanted = sorted(completed(*words))
        tap.equal(sorted(in_zsh(*words)), wanted, f"what zsh offers for {words}")
        tap.equal(sorted(in_fish(*words)), wanted, f"what fish offers for {words}")


tap.main()
