# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A tree of many described modules and services, for measuring the generator."""
import os

MODULES = 50
SERVICES = 20

SERVICE = """/// Flows of kind {n}.
service svc{n} 1.1 {{
	enum dir : u8 {{ IN = 0, OUT = 1 }}
	struct key {{ ip4 saddr; ip4 daddr; be16 sport; be16 dport; u8 proto; dir dir; u8 pad[2]; }}
	struct row {{ key key; u64 bytes @unit(bytes); ns since; }}
	error no_such_flow {{ key key; }}

	/// The busiest flows, most bytes first.
	method top(u32 limit = 10 range(1..512)) -> (row rows[<=512]) access(read);
	method block(ip4 addr, u32 ttl_s) -> () errors(EEXIST, no_such_flow);
	/// First packet of a flow.
	signal opened(key key);
	signal lost(u64 n) since 1.1;
}}
"""

MODULE = """import "svc{n}.emf";

/// count packets of kind {i}
module mod{i} 1.0 {{
	priority {i};
	uses svc{n} optional;
	/// Keep one packet in N.
	param u32 sample = 1 range(1..1000);
	event seen(pid pid, comm comm);
}}
"""

KERNEL = """#include <emf/bpf.h>

#include "mod{i}_emf.h"

char LICENSE[] SEC("license") = "GPL";
const volatile __u32 sample = 1;

struct {{
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct svc{n}_key);
	__type(value, struct svc{n}_row);
}} rows SEC(".maps");

SEC("raw_tp/sched_process_exec")
int on_exec(void *ctx)
{{
	struct mod{i}_seen *e = sample ? mod{i}_event_seen_reserve() : 0;

	if (!e)
		return 0;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	mod{i}_event_seen_submit(e);
	return 0;
}}
"""


def write(folder):
    """modules/ and bus-idl/ in a folder; the names of the modules."""
    def put(path, text):
        os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
        with open(os.path.join(folder, path), "w", encoding="ascii") as f:
            f.write(text)

    for n in range(SERVICES):
        put(f"bus-idl/svc{n}.emf", SERVICE.format(n=n))
    for i in range(MODULES):
        put(f"modules/mod{i}.emf", MODULE.format(i=i, n=i % SERVICES))
        put(f"modules/mod{i}.bpf.c", KERNEL.format(i=i, n=i % SERVICES))
    return [f"mod{i}" for i in range(MODULES)]
