# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""bootstrap on a machine that lacks something: it says what and how to get it, and
changes nothing. Package managers are stand-ins here: the real ones cannot be made to
lack a package or a network without harming the machine."""
import os
import shutil

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


def test_a_server_that_comes_with_a_tool_of_the_tests_is_not_started():
    env, log = machine("prometheus")
    tap.need_root()
    stand_in(env["PATH"].split(":")[0], "systemctl", 'echo systemctl "$@" >>"$APT_LOG"')
    done = tap.run("./bootstrap", "check", cwd=os.path.dirname(stop_behind_the_packages()), env=env)
    with open(log) as f:
        calls = [line.split() for line in f]
    tap.equal([" ".join(c[1:3]) if c[0] == "systemctl" else c[1] if c[1] != "-q" else c[2] for c in calls],
              ["update", "install", "mask --runtime", "install", "unmask --runtime", "disable prometheus.service"], f"calls ({done.stderr})")


def stop_behind_the_packages():
    """A copy of bootstrap in a folder where nothing can be built."""
    path = os.path.join(tap.folder(), "bootstrap")
    shutil.copy(os.path.join(tap.SOURCE, "bootstrap"), path)
    return path


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


def test_the_socket_of_the_demo_is_in_a_folder_of_its_own():
    """A name alone, in the folder that all share, somebody else could take first."""
    tap.need_root()
    env, _ = machine("")
    src = source()
    log = os.path.join(src, "log")
    # In place of a build: a product that says where it was told to serve.
    scratch.write(os.path.join(src, "Makefile"), "EMF_PRODUCT = fake\nall:\n")
    scratch.write(os.path.join(src, "config.status"), "")
    stand_in(src, "fake", f"""case $1 in
serve)
	stat -c '%a %u' "$(dirname "$EMF_BUS")" >>{log}
	echo "$EMF_BUS" >>{log}
	>"$EMF_BUS.lock"
	trap 'exit 0' TERM
	for i in 1 2 3 4 5 6 7 8 9; do sleep 0.3; done ;;
status) test -e "$EMF_BUS.lock" ;;
esac
""")
    scratch_tmp = tap.folder()
    done = tap.run("./bootstrap", "demo", cwd=src, env=dict(env, TMPDIR=scratch_tmp))
    tap.equal(done.returncode, 0, f"exit status ({done.stderr})")
    with open(log) as f:
        mode, path = f.read().splitlines()
    tap.equal(mode, "700 0", "mode and owner of its folder")
    tap.equal(os.path.dirname(os.path.dirname(path)), scratch_tmp, "where that is")
    tap.equal(os.listdir(scratch_tmp), [], "files left")


def test_an_unknown_word_prints_the_usage():
    done = tap.run("./bootstrap", "everything", cwd=tap.SOURCE)
    tap.equal(done.returncode, 2, "exit status")
    tap.contains(done.stderr, "./bootstrap demo")


tap.main()
