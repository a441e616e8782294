/* The kernel part that the descriptions in good/ and bad/ are held against. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed long long s64;
typedef int pid_t;

#define SEC(name) __attribute__((section(name), used))
#define number(name, value) int (*name)[value]
#define type(name, value) __typeof__(value) *name

struct flow_key {
	u32 saddr, daddr;
	u16 sport, dport;
	u8 proto, dir, pad[2];
};

struct flow_row {
	struct flow_key key;
	u64 bytes;
	s64 delta;
	char name[16];
	u8 tags[8];
};

struct flow_tags {
	u8 tags[2][4];
};

struct flow_no_such_flow {
	struct flow_key key;
};

struct ingress_state {
	u16 l3, l4;
	u32 mark;
};

union flow_either {
	u32 one;
	u8 other[4];
};

struct flow_bits {
	u32 low : 16;
	u32 high : 16;
};

struct flow_aligned {
	u32 n;
} __attribute__((aligned(8)));

struct flow_top_args {
	u32 limit, more;
} top_args;

struct flow_top_reply {
	s64 n;
} top_reply;

struct flow_opened {
	u64 a;
} opened;

struct flow_closed {
	u32 b;
} closed;

struct {
	number(type, 1);
	number(max_entries, 1024);
	type(key, struct flow_key);
	type(value, struct flow_row);
} rows SEC(".maps");

struct {
	number(type, 6);
	number(max_entries, 4);
	type(key, u32);
	type(value, u64[8]);
} latency SEC(".maps");

struct {
	number(type, 1);
	number(max_entries, 4);
	number(key_size, 4);
	number(value_size, 8);
} plain SEC(".maps");

struct flow_sample {
	pid_t pid;
	int user;
	char comm[16];
};

struct {
	number(type, 1);
	number(max_entries, 4);
	type(key, struct flow_sample);
	type(value, u64);
} samples SEC(".maps");

struct {
	number(type, 7);
	number(max_entries, 4);
	number(key_size, 4);
	number(value_size, 1016);
} stacks SEC(".maps");

struct {
	number(type, 7);
	number(max_entries, 4);
	number(key_size, 4);
	number(value_size, 1024);
} deep SEC(".maps");

struct {
	number(type, 7);
	number(max_entries, 4);
	number(map_flags, 32); /* BPF_F_STACK_BUILD_ID */
	number(key_size, 4);
	number(value_size, 640);
} build_ids SEC(".maps");

struct flow_wide {
	u64 a, b, c, d, e, f, g, h, i, j, k, l;
};

struct {
	number(type, 1);
	number(max_entries, 4);
	type(key, u32);
	type(value, struct flow_wide);
} wide SEC(".maps");

u64 lost;
u32 slots[4], others[4];
struct flow_no_such_flow error;
struct ingress_state state;
union flow_either either;
struct flow_bits bits;
struct flow_aligned aligned;
struct flow_tags tags;

static __attribute__((noinline)) int helper(void *ctx)
{
	lost += slots[1] + others[1];
	return error.key.proto + state.l3 + either.one + bits.low + aligned.n + tags.tags[1][1] + (ctx != 0);
}

SEC("xdp") int count(void *ctx)
{
	return helper(ctx);
}

SEC("xdp") int count_old(void *ctx)
{
	return 2;
}

SEC("uprobe") int on_exit(void *ctx)
{
	return 0;
}

SEC("kprobe/do_exit") int on_kernel_exit(void *ctx)
{
	return 0;
}

SEC("tc") int shape(void *ctx)
{
	return 0;
}

SEC("syscall") int clear_rows(void *ctx)
{
	return 0;
}

SEC("license") char terms[] = "GPL";
