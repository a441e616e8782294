# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The kernel part of a module that counts how often one process asks for its parent, in several versions."""

# {name}: of the module, which has an event call; {more}: variables in front; {entries}, {member}: of the map, and of its values; {code}: makes it
# another program; {set}: of its event
BPF = """#include "{name}_emf.h"
#include <bpf/bpf_tracing.h>
#include <asm/unistd.h>
const volatile __u32 caller;
{more}
__u64 number;
struct value {{ __u64 calls; {member} }};
struct {{
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, {entries});
	__type(key, __u32);
	__type(value, struct value);
}} callers SEC(".maps");
SEC("raw_tp/sys_enter")
int on_call(struct bpf_raw_tracepoint_args *ctx)
{{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct value first = {{ 1 }}, *value;
	struct {name}_call *c;
	if (pid != caller || ctx->args[1] != __NR_getppid)
		return 0;
	{code}
	value = bpf_map_lookup_elem(&callers, &pid);
	if (value)
		__sync_fetch_and_add(&value->calls, 1);
	else
		bpf_map_update_elem(&callers, &pid, &first, BPF_ANY);
	c = {name}_event_call_reserve();
	if (!c)
		return 0;
	__sync_fetch_and_add(&number, 1); /* what it was is not known before Linux 5.12, and there is but one caller */
	c->number = number;
	{set}
	{name}_event_call_submit(c);
	return 0;
}}
"""
PARTS = {"more": "", "entries": "64", "member": "", "code": "", "set": ""}


def kernel_part(name, **parts):
    return BPF.format(**{**PARTS, **parts, "name": name})
