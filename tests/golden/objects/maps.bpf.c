/* The kernel part that maps_maps.h is made from. */
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name) __attribute__((section(name), used))
#define number(name, value) int (*name)[value]
#define type(name, value) __typeof__(value) *name

struct maps_count {
	u64 packets;
	char text[4];
	u32 drops[2];
	int class : 4;
};

struct {
	number(type, 27);
	number(max_entries, 4096);
} ring SEC(".maps");

struct {
	number(type, 1);
	number(max_entries, 16);
	number(map_flags, 8); /* BPF_F_RDONLY */
	type(key, struct {
		u32 id;
		struct maps_count inner;
		u64 class;
	});
	type(value, struct maps_count);
} rows SEC(".maps");

struct {
	number(type, 5);
	number(max_entries, 4);
	type(key, u32);
	type(value, struct maps_count);
} counts SEC(".maps");

struct {
	number(type, 3);
	number(max_entries, 2);
	number(key_size, 4);
	number(value_size, 4);
} programs SEC(".maps");
