#include <emf/bpf.h>

#include "rules_emf.h"
#include "ban_map.h"

/* guard's kernel part sees what this one writes. */
SEC("raw_tp/sched_process_exec")
int on_exec(void *ctx)
{
	struct ban_key key = { .pid = bpf_get_current_pid_tgid() >> 32 };
	struct ban_value value = { .level = 7, .told = 1 };

	bpf_map_update_elem(&ban, &key, &value, BPF_ANY);
	return 0;
}
