# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""ratelimit: what arrives of senders that send too much. Rates are so low, and bursts so short, that
no packet's place depends on how fast the machine is.

Without these, a source could be limited by what another one sends, or not at all.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build"))

import tap
from netns import Pair
from packets import HOOKS, Service, ip4, start, udp
from tool import until

SLOW = ("--rate", "1", "--burst", "15")
# In the time that 40 packets take, a token or some may come back.
FEW = range(15, 15 + tap.PATIENCE)


def test_each_source_has_a_burst_of_its_own():
    for hook in HOOKS:
        pair = Pair(ip6=True)
        pair.add_address("10.9.0.3")
        tool = start(pair, hook, "ratelimit", *SLOW)
        came = [pair.deliver(200, 7, address, source) for address, source in (("10.9.0.1", "10.9.0.2"), ("10.9.0.1", "10.9.0.3"), ("fd09::1", "fd09::2"))]
        tap.equal([n in FEW for n in came], 3 * [True], f"whether so few of 200 arrive with {hook} ({came})")
        tap.equal((tool.stop(), tool.err), (0, ""), "exit status and messages")
        rows = {line.split()[0]: [int(n) for n in line.split()[1:]] for line in tool.out.splitlines()[1:]}
        tap.equal([rows[source] for source in ("10.9.0.2", "10.9.0.3", "fd09::2")], [[n, 200 - n] for n in came], "passed and dropped of each")


def test_who_stays_below_the_rate_loses_nothing():
    pair = Pair()
    service = Service(pair, "ratelimit", options=("--rate", "1000000", "--burst", "1000"))
    tap.equal(pair.deliver(1000, 7), 1000, "what arrives")
    tap.equal(service.call("ratelimit", "totals"), {"passed": 1000, "dropped": 0, "unlimited": 0}, "totals")
    tap.equal(service.call("ratelimit", "top"), {"rows": []}, "who was limited")
    service.stop()


def test_a_rate_that_is_changed_holds_at_once():
    pair = Pair()
    service = Service(pair, "ratelimit", options=SLOW)
    first = pair.deliver(100, 7)
    done = service.shell("set", "ratelimit.rate=1000000", "ratelimit.burst=200")
    tap.equal((done.returncode, done.stderr), (0, ""), "set")
    tap.equal((first in FEW, pair.deliver(100, 7)), (True, 100), f"whether few arrive ({first}), and how many then")
    (row,) = service.call("ratelimit", "top")["rows"]
    tap.equal(row, {"source": "10.9.0.2", "passed": first + 100, "dropped": 100 - first}, "the source")
    service.stop()


def test_counts_stay_and_sources_do_not_come_back_when_the_rate_changes_under_traffic():
    pair = Pair()
    service = Service(pair, "ratelimit", options=("--rate", "1", "--burst", "1", "--sources", "65536"))
    # So many that a walk through them takes longer than a packet does.
    others = 10000
    pair.frames([ip4(udp(7), source=f"10.8.{n // 250}.{n % 250 + 1}") for n in range(others)])
    flood = pair.flood(7)
    # Or it is one of all that nothing was dropped of.
    until(lambda: [row for row in service.call("ratelimit", "top", "limit=512")["rows"] if row["source"] == "10.9.0.2" and row["dropped"]], "the flood")
    for n in range(30):
        done = service.shell("set", f"ratelimit.rate={1 + n % 2}")
        tap.equal((done.returncode, done.stderr), (0, ""), "set")
    sent, came = flood.end()
    totals = service.call("ratelimit", "totals")
    (row,) = [row for row in service.call("ratelimit", "top", "limit=512")["rows"] if row["source"] == "10.9.0.2"]
    tap.equal((row["passed"], row["passed"] + row["dropped"]), (came, sent), "what the source's row says of what was sent")
    tap.equal((totals["passed"], totals["passed"] + totals["dropped"]), (others + came, others + sent), f"totals ({totals})")
    service.stop()


def test_sources_beyond_the_table_are_forgotten_or_counted_as_unlimited():
    pair = Pair()
    service = Service(pair, "ratelimit", options=(*SLOW, "--sources", "16"))
    pair.frames([ip4(udp(7), source=f"10.8.{n // 250}.{n % 250 + 1}") for n in range(1000)] + [b"\x08\x99" + 46 * b"x"])
    totals = service.call("ratelimit", "totals")
    tap.equal((sum(totals.values()), totals["dropped"], totals["unlimited"] >= 1), (1001, 0, True), f"packets ({totals})")
    service.stop()


if __name__ == "__main__":
    tap.main()
