"""bootstrap on a machine that lacks something: it says what and how to get it, and
changes nothing. Package managers are stand-ins here: the real ones cannot be made to
lack a package or a network without harming the machine."""
import os

import scratch
import tap


def stand_in(folder, name, script):
    path = os.path.join(folder, name)
    scratch.write(path, "#!/bin/sh\n" + script)
    os.chmod(path, 0o755)


def machine(missing, apt="echo apt-get \"$@\" >>\"$APT_LOG\""):
    """An environment where these packages are missing."""
    folder = tap.folder()
    os.chmod(folder, 0o755)
    stand_in(folder, "dpkg-query", f'for p; do :; done; case " {missing} " in *" $p "*) echo not-installed;; *) echo installed;; esac\n')
    stand_in(folder, "apt-get", apt)
    log = os.path.join(folder, "apt.log")
    return dict(os.environ, PATH=f"{folder}:{os.environ['PATH']}", APT_LOG=log), log


def source():
    parent = tap.folder()
    os.chmod(parent, 0o755)
    return scratch.source(parent)


def test_with_everything_there_nothing_is_installed():
    env, log = machine("")
    done = tap.run("./bootstrap", "deps", cwd=source(), env=env)
    tap.equal(done.returncode, 0, f"exit status ({done.stderr})")
    tap.equal(os.path.exists(log), False, "apt-get was called")


def test_what_is_missing_is_downloaded_before_it_is_installed():
    env, log = machine("bpftool check")
    tap.need_root()
    done = tap.run("./bootstrap", "deps", cwd=source(), env=env)
    tap.equal(done.returncode, 0, f"exit status ({done.stderr})")
    with open(log) as f:
        calls = f.read().splitlines()
    tap.equal(len(calls), 3, "calls of apt-get")
    tap.contains(calls[1], "--download-only bpftool check")
    tap.contains(calls[2], "install -y --no-install-recommends bpftool check")


def test_without_root_it_says_what_to_run_and_installs_nothing():
    tap.need_root()  # to become somebody else
    env, log = machine("bpftool libbpf-dev")
    src = source()
    os.chmod(src, 0o777)
    for command in ("demo", "check"):
        done = tap.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "./bootstrap", command, cwd=src, env=env)
        tap.equal(done.returncode, 1, "exit status")
        tap.contains(done.stderr, "apt-get install bpftool libbpf-dev")
        tap.contains(done.stderr, "only root can install them. Nothing was changed")
    tap.equal(os.path.exists(log), False, "apt-get was called")
    tap.equal(os.path.exists(os.path.join(src, "config.status")), False, "configure ran")


def test_without_a_network_it_says_so_and_installs_nothing():
    tap.need_root()
    env, log = machine("bpftool", apt='echo "$@" >>"$APT_LOG"; [ "$2" != update ]')
    done = tap.run("./bootstrap", "demo", cwd=source(), env=env)
    tap.equal(done.returncode, 1, "exit status")
    tap.contains(done.stderr, "is there a network")
    tap.contains(done.stderr, "apt-get install bpftool")
    with open(log) as f:
        tap.equal(f.read().count("install"), 0, "installs")


def test_an_unknown_word_prints_the_usage():
    done = tap.run("./bootstrap", "everything", cwd=tap.SOURCE)
    tap.equal(done.returncode, 2, "exit status")
    tap.contains(done.stderr, "./bootstrap demo")


tap.main()
