/* What a kernel part can be made of, without any header: for tests/golden/test_btf.py. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed long long s64;
typedef u32 be32;

#define SEC(name) __attribute__((section(name), used))
#define number(name, value) int (*name)[value]
#define type(name, value) __typeof__(value) *name

enum color { RED, GREEN = 7 };
enum below { LOW = -5, HIGH = 5 };

struct forward;

struct key {
	be32 address;
	u16 port;
	u8 kind, pad;
};

struct all {
	struct key key, keys[2][3];
	char name[16];
	s64 negative;
	enum color color;
	enum below below;
	_Bool yes;
	const volatile u8 *const bytes;
	struct forward *forward;
	int (*call)(struct all *, ...);
	struct all *next;
	u32 a : 3, b : 29;
	u64 wide : 40;
	int bare : 5;
	union {
		u64 both;
		struct {
			u32 low, high;
		};
	};
	union whole {
		u8 bytes[8];
		double real;
	} whole;
	u8 last[];
};

struct packed {
	u8 one;
	u64 eight;
} __attribute__((packed));

typedef struct {
	u64 n;
} nameless;

struct inner {
	number(type, 2);
	number(max_entries, 4);
	type(key, u32);
	type(value, u64);
};

struct {
	number(type, 1);
	number(max_entries, 1024);
	number(map_flags, 129);
	type(key, struct key);
	type(value, struct all);
} rows SEC(".maps");

struct {
	number(type, 6);
	number(max_entries, 3);
	type(key, u32);
	type(value, nameless);
} a_count SEC(".maps");

struct {
	number(type, 27);
	number(max_entries, 4096);
} ring SEC(".maps");

struct {
	number(type, 2);
	number(max_entries, 5);
	number(key_size, 4);
	number(value_size, 24);
} sizes SEC(".maps");

struct {
	number(type, 12);
	number(max_entries, 6);
	type(key, u32);
	struct inner *values[];
} outer SEC(".maps");

const volatile u32 limit = 0x01020304;
const volatile u8 table[4] = { 1, 2, 3, 4 };
const u32 fixed = 9;
u64 counter;
u32 begun = 77;
static volatile u32 hidden = 3;
struct packed packed;

SEC("license") char terms[] = "GPL";

static __attribute__((noinline)) int helper(void *ctx)
{
	return hidden += (u32)(long)ctx;
}

__attribute__((noinline)) int subprogram(u32 n)
{
	return (int)(n * begun + fixed);
}

SEC("xdp") int on_packet(void *ctx)
{
	counter += limit + table[1];
	return helper(ctx) + subprogram(5);
}

SEC("?kprobe/do_exit") int on_exit(void *ctx)
{
	return packed.one + (int)packed.eight + helper(ctx);
}

SEC("xdp") int on_packet_too(void *ctx)
{
	return 2;
}
