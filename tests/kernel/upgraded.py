# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Versions of a module that take each other's place: as packages, and one with C as an extension."""
import os
import shutil
import sys

import called
import scratch
import tap

EMF = """/// counts how often a process asks for its parent, and what comes in
module watched {version} {{
	license "GPL";
	/// whose calls
	param u32 caller;
	/// what is dropped
	param u32 port = 9 live;
	{params}
	attach on_packet xdp(param netdev iface);
	event call(u64 number, u32 version, u32 pad1);
	counter calls from event call;
}}
"""
PACKETS_BPF = """volatile __u32 port = 9;
__u64 packets;
__u64 dropped;
SEC("xdp")
int on_packet(struct xdp_md *ctx)
{{
	unsigned char *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	volatile int which = {number};
	__sync_fetch_and_add(&packets, which > 0);
	if (data + 42 > end || data[23] != 17)
		return XDP_PASS;
	if ((__u32)(data[36] << 8 | data[37]) != port)
		return XDP_PASS;
	__sync_fetch_and_add(&dropped, 1);
	return XDP_DROP;
}}
"""
# Each as it differs from the first one.
VERSIONS = {
    "first": {"number": 1},
    "second": {"number": 2},
    "third": {"number": 3, "more": "const volatile __u32 limit = 5;\n__u32 added = 7;\n__u64 another;", "code": "another += added + limit;", "params": "/// it is new\n\tparam u32 limit = 5;"},
    "other": {"number": 4, "member": "__u64 bytes;"},
    "refused": {"number": 5, "code": "bpf_probe_read_kernel(0, 1 << 30, (void *)ctx->args[0]); value = 0; value->calls = 1;"},
}

SUMS = """service sums 1.0 { method add(u32 a, u32 b) -> (u32 sum, u32 version) access(read); method wait() -> (u32 version) access(read);
	method waits() -> (u32 calls) access(read); signal added(u32 sum); }
"""
ADDER = 'import "sums.emf";\nmodule adder {version}.0 {{ callbacks create{callback}; license "GPL"; provides sums; param u32 plus live; event started(u64 number) on_demand; }}\n'
ADDER_BPF = """#include <emf/bpf.h>
#include "adder_emf.h"
__u64 number;
struct value {{ __u64 n; {member} }};
struct {{
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct value);
}} added SEC(".maps");
SEC("syscall")
int first(void *ctx)
{{
	__u32 key = 0;
	return !bpf_map_lookup_elem(&added, &key);
}}
SEC("raw_tp/sched_process_exec")
int on_exec(void *ctx)
{{
	volatile int which = {version};
	struct adder_started *s = which ? adder_event_started_reserve() : 0;

	if (!s)
		return 0;
	s->number = __sync_add_and_fetch(&number, 1);
	adder_event_started_submit(s);
	return 0;
}}
"""
ADDER_C = """#include "adder_emf.h"
#include <errno.h>
#include <string.h>
static struct ebus_deferred waiting;
static struct emf_map *added;
int adder_create(struct module *m) {{ added = emf_map_get(m, "added"); return {answer}; }}
static void count(void)
{{
	unsigned long long value[2] = {{ 0 }};
	unsigned int key = 0;

	emf_map_lookup(added, &key, value);
	value[0]++;
	emf_map_update(added, &key, value);
}}
{migrate}
int sums_serve_add(struct ebus_call *call, const struct sums_add_args *args, struct sums_add_reply *reply)
{{
	struct sums_added signal = {{ 0 }};
	(void)call;
	reply->sum = signal.sum = args->a + args->b;
	reply->version = {version};
	count();
	sums_emit_added(&signal);
	return 0;
}}
int sums_serve_wait(struct ebus_call *call, struct sums_wait_reply *reply)
{{
	(void)reply;
	return waiting.waiter ? -EBUSY : ebus_defer(call, &waiting);
}}
int sums_serve_waits(struct ebus_call *call, struct sums_waits_reply *reply)
{{
	(void)call;
	reply->calls = waiting.waiter != NULL;
	return 0;
}}
"""


# Calls and listens until its input ends, and it has called often enough; then it says how that went.
CLIENT = r"""
#include <emf/client.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sums_emf.h"
static unsigned long heard;
static void on_added(struct sums_added_subscription *s, const struct sums_added *signal)
{
	(void)s;
	(void)signal;
	heard++;
}
int main(int argc, char **argv)
{
	struct sums_added_subscription subscription = { .handler = on_added };
	struct emf_client *client = emf_client_new("client", 0);
	struct pollfd input = { .fd = 0, .events = POLLIN };
	unsigned long calls = 0, again = 0, wrong = 0, most = argc > 2 ? strtoul(argv[2], NULL, 10) : 0, versions[4] = { 0 };
	int err = emf_client_connect(client, argv[1]);

	if (!err)
		err = emf_client_use(client, &sums_client.base);
	if (!err)
		err = sums_on_added(&sums_client, NULL, &subscription);
	printf("begins %d\n", err);
	fflush(stdout);
	while (!err && (calls < most || !poll(&input, 1, 0))) {
		struct sums_add_args args = { .a = (unsigned)calls, .b = 1 };
		struct sums_add_reply reply = { 0 };

		err = sums_call_add(&sums_client, &args, &reply);
		if (err == -EAGAIN) {
			again++;
			err = 0;
			continue;
		}
		calls += !err;
		wrong += !err && reply.sum != args.a + 1;
		versions[reply.version & 3]++;
	}
	emf_client_dispatch(client, 100);
	printf("{\"calls\": %lu, \"again\": %lu, \"wrong\": %lu, \"heard\": %lu, \"lost\": %lu, \"first\": %lu, \"second\": %lu, \"error\": \"%s\"}\n", calls, again,
	       wrong, heard, (unsigned long)emf_client_lost(client, &sums_client.base, 0), versions[1], versions[2], err ? strerror(-err) : "");
	emf_client_free(client);
	return 0;
}
"""

# Of the first version a value is one number, and of this one two.
MIGRATE = """int adder_migrate(struct module *m)
{
	const struct emf_migration *migration = emf_module_migration(m);
	unsigned long long value[2] = { 0, 7 };
	unsigned int key = 0;

	if (strcmp(migration->map, "added") || emf_map_lookup(migration->from, &key, value))
		return -EOPNOTSUPP;
	return emf_map_update(migration->to, &key, value);
}
"""

# A module that has a kernel part in some versions, and none in others. Its kernel part calls by an array of programs.
JUMPS = """module jumps {version}.0 {{ callbacks create; license "GPL"; param u32 caller; }}
"""
JUMPS_BPF = """#include <emf/bpf.h>
#include "jumps_emf.h"
#include <asm/unistd.h>
const volatile __u32 caller;
__u64 seen[4]; /* by version */
int on_jump(void *ctx);
struct {{
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__array(values, int(void *));
}} targets SEC(".maps") = {{ .values = {{ (void *)&on_jump }} }};
SEC("raw_tp")
int on_jump(void *ctx)
{{
	__sync_fetch_and_add(&seen[{version}], 1);
	return 0;
}}
SEC("raw_tp/sys_enter")
int on_call(struct bpf_raw_tracepoint_args *ctx)
{{
	if (bpf_get_current_pid_tgid() >> 32 == caller && ctx->args[1] == __NR_getppid)
		bpf_tail_call(ctx, &targets, 0);
	return 0;
}}
"""
JUMPS_C = """#include "jumps_emf.h"
int jumps_create(struct module *m) { (void)m; return 0; }
"""

# One module exports a map, of another size in its second version, and the other one imports it.
KEEPER = 'module keeper {version}.0 {{ callbacks create{callback}; license "GPL"; map kept export; }}\n'
KEEPER_C = """#include "keeper_emf.h"
int keeper_create(struct module *m) {{ (void)m; return 0; }}
{migrate}
"""
KEEPER_MIGRATE = "int keeper_migrate(struct module *m) { (void)m; return 0; }"
READER = 'module reader 1.0 {{ license "GPL"; map kept from keeper; }}\n'
KEPT_BPF = """#include <emf/bpf.h>
#include "{name}_emf.h"
struct {{
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, {entries});
	__type(key, __u32);
	__type(value, __u64);
}} kept SEC(".maps");
SEC("raw_tp/sched_process_exec")
int on_exec(void *ctx)
{{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&kept, &key);
	if (value)
		__sync_fetch_and_add(value, 1);
	return 0;
}}
"""


def write_jumps(folder, version, has_kernel_part):
    scratch.write(os.path.join(folder, "jumps.emf"), JUMPS.format(version=version))
    scratch.write(os.path.join(folder, "jumps.c"), JUMPS_C)
    path = os.path.join(folder, "jumps.bpf.c")
    if has_kernel_part:
        scratch.write(path, JUMPS_BPF.format(version=version))
    elif os.path.exists(path):
        os.unlink(path)


def write_kept(folder, version):
    entries, callback, migrate = (64, "", "") if version == 1 else (128, ", migrate", KEEPER_MIGRATE)
    scratch.write(os.path.join(folder, "keeper.emf"), KEEPER.format(version=version, callback=callback))
    scratch.write(os.path.join(folder, "keeper.c"), KEEPER_C.format(migrate=migrate))
    scratch.write(os.path.join(folder, "reader.emf"), READER.format())
    for name in ("keeper", "reader"):
        scratch.write(os.path.join(folder, f"{name}.bpf.c"), KEPT_BPF.format(name=name, entries=entries))


def write_watched(folder, version):
    parts = dict(VERSIONS[version])
    number, params = parts.pop("number"), parts.pop("params", "")
    scratch.write(os.path.join(folder, "watched.emf"), EMF.format(version=f"1.{number}", params=params))
    calls = called.kernel_part("watched", set=f"c->version = {number};", **parts)
    scratch.write(os.path.join(folder, "watched.bpf.c"), calls + PACKETS_BPF.format(number=number))


class Products:
    """A product that serves, packages of the module, and extensions of the other one."""

    def __init__(self, parent):
        src = scratch.source(parent)
        self.parent = parent
        modules, dynamic = os.path.join(src, "modules"), os.path.join(src, "dynamic")
        for folder in (modules, dynamic):
            for name in os.listdir(folder):
                if not name.endswith((".h", ".md")) and name.split(".")[0] != "hello":
                    os.unlink(os.path.join(folder, name))
        scratch.write(os.path.join(src, "bus-idl", "sums.emf"), SUMS)
        self.made = None
        self.files = {}
        for name in VERSIONS:
            write_watched(modules, name)
            self._make(src)
            self.files[name] = os.path.join(parent, f"{name}.emfpkg")
            scratch.must(self.made.product(), "pack", "watched", "-o", self.files[name], cwd=parent)
        acl = [os.path.join(tap.SOURCE, "modules", f"acl.{end}") for end in ("emf", "bpf.c", "c")]
        for path in acl:
            shutil.copy(path, modules)
        write_watched(modules, "first")
        self._make(src)
        self.linked = os.path.join(parent, "linked", "emf")
        os.makedirs(os.path.dirname(self.linked))
        shutil.copy(self.made.product(), self.linked)
        for name in ("watched.emf", "watched.bpf.c"):
            os.unlink(os.path.join(modules, name))
        for path in acl:
            shutil.move(os.path.join(modules, os.path.basename(path)), dynamic)
        larger = {"member": "__u64 more;"}
        for number, parts in enumerate(({}, {}, {"answer": "-EIO"}, larger, {**larger, "callback": ", migrate", "migrate": MIGRATE}), 1):
            parts = {"version": number, "answer": 0, "callback": "", "migrate": "", "member": "", **parts}
            scratch.write(os.path.join(dynamic, "adder.bpf.c"), ADDER_BPF.format(**parts))
            scratch.write(os.path.join(dynamic, "adder.emf"), ADDER.format(**parts))
            scratch.write(os.path.join(dynamic, "adder.c"), ADDER_C.format(**parts))
            if number <= 3:
                write_jumps(dynamic, number, has_kernel_part=number > 1)
            if number <= 2:
                write_kept(dynamic, number)
            self._make(src)
            self._keep("adder", number)
            if number <= 3:
                self._keep("jumps", number)
            if number <= 2:
                self._keep("keeper", number)
                self._keep("reader", number)
        self.product = self.made.product()
        self.files["acl"] = os.path.join(self.made.path, "obj", "acl.so")
        self.client = self._client(src)

    def _keep(self, name, number):
        """The extension as it is now."""
        to = self.files[f"{name}{number}"] = os.path.join(self.parent, f"{name}{number}", f"{name}.so")
        os.makedirs(os.path.dirname(to))
        shutil.copy(os.path.join(self.made.path, "obj", f"{name}.so"), to)

    def _client(self, src):
        stubs, out = os.path.join(self.parent, "stubs"), os.path.join(self.parent, "client")
        os.makedirs(stubs)
        scratch.must(sys.executable, os.path.join(src, "gen", "emfgen"), "stubs", os.path.join(src, "bus-idl", "sums.emf"), "--out", stubs, cwd=self.parent)
        scratch.write(os.path.join(stubs, "client.c"), CLIENT)
        scratch.must("gcc", "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-O1", *os.environ.get("EMF_CLIENT_FLAGS", "").split(), "-I", os.path.join(src, "include"), "-I", stubs, os.path.join(stubs, "client.c"),
                     os.path.join(stubs, "sums_emf.c"), os.path.join(self.made.path, "libemf-client.a"), "-lpthread", "-o", out, cwd=self.parent)
        return out

    def _make(self, src):
        self.made = self.made or scratch.Build(src, os.path.join(self.parent, "build"), "--enable-werror")
        self.made.make()
