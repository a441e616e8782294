/* What rules.bpf.c exports is here, and guard.bpf.c has it alike, or not. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed int s32;

#define SEC(name) __attribute__((section(name), used))
#define number(name, value) int (*name)[value]
#define type(name, value) __typeof__(value) *name
#define map(name, kind, entries, key_type, value_type) \
	struct {                                       \
		number(type, kind);                    \
		number(max_entries, entries);          \
		type(key, key_type);                   \
		type(value, value_type);               \
	} name SEC(".maps")
#define map_of_bytes(name, kind, entries, key_bytes, value_bytes) \
	struct {                                                  \
		number(type, kind);                               \
		number(max_entries, entries);                     \
		number(key_size, key_bytes);                      \
		number(value_size, value_bytes);                  \
	} name SEC(".maps")

#define HASH 1
#define ARRAY 2
