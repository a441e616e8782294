/* The kernel part that guard.bpf.c imports maps from. */
#include "rules.h"

enum kind { ALLOW, DENY };

struct peer {
	u32 ip;
	u16 ports[2];
};

struct rule {
	struct peer peer;
	u64 hits;
	enum kind kind;
	u32 low : 4, high : 28;
	union {
		u64 one;
		u8 bytes[8];
	};
};

map(same, HASH, 16, struct peer, struct rule);
map(kinds, HASH, 16, u32, u64);
map(sizes, HASH, 16, u32, u64);
map(signs, HASH, 16, struct peer, struct rule);
map(names, HASH, 16, struct peer, struct rule);
map(places, HASH, 16, u32, struct rule);
map(inner, HASH, 16, u32, struct rule[2]);
map(bits, HASH, 16, u32, struct rule);
map(longer, HASH, 16, u32, struct peer);
map(arrays, HASH, 16, u32, u64[4]);
map_of_bytes(untyped, HASH, 16, 8, 16);
map_of_bytes(bytes, HASH, 16, 8, 16);
struct {
	number(type, HASH);
	number(max_entries, 16);
	number(map_flags, 1);
	type(key, u32);
	type(value, u32);
} flags SEC(".maps");
