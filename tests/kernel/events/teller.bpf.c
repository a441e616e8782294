// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <emf/bpf.h>

#include "teller_emf.h"

char LICENSE[] SEC("license") = "GPL";

SEC("raw_tp/sched_process_exec")
int on_exec(void *ctx)
{
	struct talk_said *said = teller_event_said_reserve_cut(5);
	struct teller_heard *heard;

	if (said) {
		said->pid = bpf_get_current_pid_tgid() >> 32;
		__builtin_memset(said->who, 0, sizeof(said->who));
		bpf_get_current_comm(said->who, 16);
		__builtin_memcpy(said->text, "hell\033", 5);
		said->text_len = 5;
		teller_event_said_submit(said);
	}
	heard = teller_event_heard_reserve();
	if (heard) {
		heard->pid = bpf_get_current_pid_tgid() >> 32;
		bpf_get_current_comm(heard->comm, sizeof(heard->comm));
		teller_event_heard_submit(heard);
	}
	return 0;
}
