#include "buyer_emf.h"

static struct module *buyer;

static void print_error(const char *what, int err)
{
	const struct shop_sold_out *sold_out = shop_error_sold_out(&shop_client);
	const struct shop_closed *closed = shop_error_closed(&shop_client);

	emf_print(buyer, "buyer: %s: %s", what, err ? emf_errno_name(err) : "done");
	if (sold_out)
		emf_print(buyer, ", %llu left of %u", (unsigned long long)sold_out->left, sold_out->tag.number);
	if (closed)
		emf_print(buyer, ", closed until %u", closed->until);
	emf_print(buyer, "\n");
}

static void order(const char *what, uint32_t number, uint32_t n)
{
	struct shop_order_args args = { .name = "buyer", .lines_len = n };
	struct shop_order_reply reply;
	int err;

	for (uint32_t i = 0; i < n && i < SHOP_LINES_MAX; i++)
		args.lines[i] = (struct shop_line){
			.tag = { .number = number + i, .size = SHOP_SIZE_SMALL, .wrap = SHOP_WRAP_PAPER }, .count = 2, .price = 4000000000u };
	err = shop_call_order(&shop_client, &args, &reply);
	print_error(what, err);
	if (err)
		return;
	emf_print(buyer, "buyer: total %llu\n", (unsigned long long)reply.total);
	for (uint32_t i = 0; i < reply.tags_len; i++)
		emf_print(buyer, "buyer: %u size %d wrap %u\n", reply.tags[i].number, reply.tags[i].size, reply.tags[i].wrap);
}

static void count(void)
{
	struct shop_count_reply reply;

	print_error("count", shop_call_count(&shop_client, &reply));
	emf_print(buyer, "buyer: %u orders\n", reply.orders);
}

static void closed(struct shop_close_async *async, int err)
{
	static bool again;

	print_error("close", err);
	if (!again) {
		again = true;
		print_error("again", shop_call_close_async(&shop_client, buyer, async));
		return;
	}
	order("order when closed", 1, 1);
	print_error("forget", shop_call_forget(&shop_client));
	count();
	emf_module_stop(buyer, 0);
}

int buyer_attach(struct module *m)
{
	static struct shop_close_async close = { .done = closed, .args = { .until = 9 } };

	buyer = m;
	order("order", 7, 2);
	order("order of nothing", 7, 0);
	order("order of the last one", 13, 1);
	order("order of too much", 7, SHOP_LINES_MAX + 1);
	count();
	print_error("close", shop_call_close_async(&shop_client, m, &close));
	emf_print(m, "buyer: twice: %s\n", emf_errno_name(shop_call_close_async(&shop_client, m, &close)));
	return 0;
}
