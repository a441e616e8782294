/* The kernel part that imports maps as rules.bpf.c has them, and others. */
#include "rules.h"

/* Of equal layout, whatever it is called. */
struct host {
	unsigned ip;
	unsigned short ports[2];
};

struct entry {
	struct host peer;
	unsigned long hits;
	u32 kind;
	u32 low : 4, high : 28;
	union {
		u64 one;
		u8 bytes[8];
	};
};

struct host_s {
	s32 ip;
	u16 ports[2];
};

struct entry_named {
	struct host peer;
	u64 hit;
	u32 kind;
	u32 low : 4, high : 28;
	u64 rest;
};

struct entry_placed {
	u64 hits;
	struct host peer;
	u32 kind, bits;
	u64 rest;
};

struct entry_deep {
	struct {
		u32 ip;
		u16 ports[1];
		u16 one;
	} peer;
	u64 hits;
	u32 kind;
	u32 low : 4, high : 28;
	u64 rest;
};

struct entry_bits {
	struct host peer;
	u64 hits;
	u32 kind;
	u32 low : 5, high : 27;
	u64 rest;
};

struct host_longer {
	u32 ip;
	u16 ports[2];
	u32 more;
};

map(same, HASH, 16, struct host, struct entry);
map(kinds, ARRAY, 16, u32, u64);
map(sizes, HASH, 32, u32, u64);
map(signs, HASH, 16, struct host_s, struct entry);
map(names, HASH, 16, struct host, struct entry_named);
map(places, HASH, 16, u32, struct entry_placed);
map(inner, HASH, 16, u32, struct entry_deep[2]);
map(bits, HASH, 16, u32, struct entry_bits);
map(longer, HASH, 16, u32, struct host_longer);
map(arrays, HASH, 16, u64, u64[2][2]);
map(untyped, HASH, 16, struct host, struct host[2]);
map_of_bytes(bytes, HASH, 16, 8, 8);
map(flags, HASH, 16, u32, u32);
