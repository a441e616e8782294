/* Programs that may sleep, with maps that such programs may use, and others. */
#include "rules.h"

static void *(*lookup)(void *map, const void *key) = (void *)1; /* BPF_FUNC_map_lookup_elem */

map(rows, HASH, 16, u32, u64);
map_of_bytes(routes, 11 /* LPM_TRIE */, 16, 8, 8);
map_of_bytes(sockets, 15 /* SOCKMAP */, 16, 4, 8);

SEC("syscall") int count_rows(void *ctx)
{
	u32 key = 0;

	return lookup(&rows, &key) != 0;
}

SEC("syscall") int find_route(void *ctx)
{
	u64 key = 0;
	u32 row = 0;

	return lookup(&rows, &row) && lookup(&routes, &key);
}

SEC("syscall") int find_socket(void *ctx)
{
	u32 key = 0;

	return lookup(&sockets, &key) != 0;
}

SEC("license") char terms[] = "GPL";
