/* Each way to write a member, and a global that user space has no type for. */
typedef unsigned int u32;
typedef unsigned long long u64;
typedef u32 __be32;
typedef int pid_t;

enum colour { RED, BLUE = 300, NEITHER = -1 };

struct point {
	short x, y;
};

struct event {
	u64 delta_ns, seen_ts_ns, plain;
	pid_t leader;
	u32 uid;
	enum colour colour;
	unsigned int low : 3, middle : 7, high : 22;
	int negative : 5;
	_Bool yes;
	struct point point;
	struct {
		char inner;
		struct {
			u32 innermost;
		};
	};
	union {
		u32 number;
		char bytes[8];
	};
	unsigned __int128 large;
	__be32 daddr, mask;
	unsigned char mac[6];
	unsigned char digest[4];
	struct point corners[2][3];
	char comm[16], words[3][4];
	void *address;
	u32 marked EMF_AS(netdev);
	unsigned char pad[3];
	u32 tail[];
};

RING(events, 27);

const volatile enum colour colour = BLUE;
struct point last;

SEC("raw_tp/x") int f(void *ctx)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e) + 16, 0);

	if (!e)
		return 0;
	e->colour = colour;
	last.x = 1;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

/* Written by the product, and no option. */
const volatile unsigned int emf_page_bytes;
