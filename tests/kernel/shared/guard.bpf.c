#include <emf/bpf.h>

#include "guard_emf.h"
#include "ban_map.h"

/* Counts what those in the map do; that of rules has put them there. */
SEC("raw_tp/sched_process_exit")
int on_exit(void *ctx)
{
	struct ban_key key = { .pid = bpf_get_current_pid_tgid() >> 32 };
	struct ban_value *value = bpf_map_lookup_elem(&ban, &key);

	if (value)
		__sync_fetch_and_add(&value->seen, value->level);
	return 0;
}
