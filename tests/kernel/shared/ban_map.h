/* The map itself, as both kernel parts declare it. */
#include "ban.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct ban_key);
	__type(value, struct ban_value);
} ban SEC(".maps");
