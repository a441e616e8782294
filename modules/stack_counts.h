/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack_counts.h - what user parts that print counts by stacks have in common.
 */
#ifndef STACK_COUNTS_H
#define STACK_COUNTS_H

#include <bpf/bpf.h>
#include <emf.h>

/* Functions are looked up while their process is there, mostly: not in the end only. */
#define STACK_COUNTS_EVERY_NS UINT64_C(500000000)

/*
 * A count of a hash, which then begins anew. In one step from Linux 5.14 on. Names are to be looked up
 * behind it: the first ones take long, and the kernel part goes on counting.
 */
static inline __u64 stack_counts_take(const struct bpf_map *map, const void *key)
{
	int fd = bpf_map__fd(map);
	__u64 count = 0;

	if (!bpf_map_lookup_and_delete_elem(fd, key, &count))
		return count;
	if (bpf_map_lookup_elem(fd, key, &count))
		return 0;
	bpf_map_delete_elem(fd, key);
	return count;
}

static inline enum emf_stack_form stack_counts_form(const char *svg, bool folded)
{
	return *svg ? EMF_STACK_SVG : folded ? EMF_STACK_FOLDED : EMF_STACK_TEXT;
}

#endif
