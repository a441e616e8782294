# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What a command ends with: 0 done, 1 failed, 2 wrong use, 77 cannot run here.

Without these, a script could not tell a slip in its own words from a kernel that lacks something.
"""
import os

import tap
from tool import Tool, until

WITHOUT_RIGHTS = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"]
HAS_KPROBES = os.path.exists("/sys/bus/event_source/devices/kprobe")


def ends(table, within=()):
    for words, wanted, said in table:
        done = tap.run(*within, tap.PRODUCT, *words.split())
        tap.equal(done.returncode, wanted, f"exit status of {words} ({done.stderr})")
        tap.contains(done.stderr, said, words)


def test_words_that_are_wrong_end_with_2_before_anything_is_done():
    ends((("nonesuch", 2, "nonesuch"), ("hello --nonesuch", 2, "nonesuch"), ("hello -d x", 2, "duration"), ("run nonesuch", 2, "nonesuch"),
          ("doctor hello", 2, "no further words"), ("hello --columns nonesuch", 2, "nonesuch"), ("hello -p x", 2, "--pid"),
          ("hello --config /bin/ls", 2, "/bin/ls")), within=WITHOUT_RIGHTS)


def test_an_option_that_is_needed_and_not_given_ends_with_2():
    tap.need_root()
    ends((("funclatency", 2, "(give --function)"), ("cgroupconnect", 2, "(give --cgroup, ")))


def test_what_is_done_ends_with_0_and_what_fails_with_1():
    tap.need_root()
    ends((("hello -d 1ms", 0, ""), ("list", 0, ""), ("read /nonesuch", 1, "/nonesuch"), ("funclatency --function x --path /nonesuch", 1, "/nonesuch")))


def test_what_a_privilege_or_the_kernel_lacks_ends_with_77_and_doctor_too():
    tap.need_root()
    ends((("hello -d 1ms", 77, "needs "), ("doctor", 77, "")), within=WITHOUT_RIGHTS)
    ends((("funclatency --function no_such_function -d 1ms", 1 if HAS_KPROBES else 77, "no_such_function" if HAS_KPROBES else "this kernel has no kprobes"),))


def test_unknown_names_and_files_that_are_not_there_end_alike_when_a_service_is_asked():
    tap.need_root()
    socket = os.path.join(tap.folder(), "bus")
    env = {"EMF_BUS": socket}
    service = Tool("serve", "hello", env=env)
    until(lambda: os.path.exists(socket) or service.process.poll() is not None, lambda: f"the socket ({service.err})")
    for words, wanted in (("load nonesuch", 2), ("load /nonesuch.so", 2), ("unload nonesuch", 2), ("start nonesuch", 2), ("get nonesuch", 2), ("listen nonesuch.x", 2),
                          ("listen hello.* -d 1ms", 0), ("listen hello.none_such -d 1ms", 2), ("listen hello.* -n 100000 -d 1ms", 1), ("status", 0)):
        done = tap.run(tap.PRODUCT, *words.split(), env=dict(os.environ, **env))
        tap.equal(done.returncode, wanted, f"exit status of {words} ({done.stderr})")
    tap.equal(service.stop(), 0, f"exit status of the service ({service.err})")


tap.main()
