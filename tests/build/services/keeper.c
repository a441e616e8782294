#include "keeper_emf.h"

static struct {
	uint32_t orders;
	uint32_t until;
} k;

int shop_serve_order(struct ebus_call *call, const struct shop_order_args *args, struct shop_order_reply *reply)
{
	struct shop_sold sold = { .total = 0 };

	if (k.until)
		return shop_fail_closed(call, &(struct shop_closed){ .until = k.until });
	if (args->lines_len > SHOP_LINES_MAX)
		return -EINVAL;
	for (uint32_t i = 0; i < args->lines_len; i++) {
		const struct shop_line *line = &args->lines[i];

		if (line->tag.number == 13)
			return shop_fail_sold_out(call, &(struct shop_sold_out){ .tag = line->tag, .left = 1ull << 40 });
		sold.total += (uint64_t)line->count * line->price;
		reply->tags[i] = line->tag;
		reply->tags[i].wrap |= SHOP_WRAP_RIBBON;
	}
	reply->tags_len = args->lines_len;
	reply->total = sold.total;
	memcpy(sold.name, args->name, sizeof(sold.name));
	k.orders++;
	emf_print(ebus_call_module(call), "keeper: %s orders %u\n", args->name, args->lines_len);
	shop_emit_sold(&sold);
	return 0;
}

int shop_serve_count(struct ebus_call *call, struct shop_count_reply *reply)
{
	(void)call;
	reply->orders = k.orders;
	return 0;
}

int shop_serve_close(struct ebus_call *call, const struct shop_close_args *args)
{
	(void)call;
	k.until = args->until;
	shop_emit_closing();
	return 0;
}

int shop_serve_forget(struct ebus_call *call)
{
	(void)call;
	k.orders = 0;
	return 0;
}

/* Nothing is left to do then. */
int keeper_notify(struct module *m)
{
	if (emf_module_event(m) == EMF_EVENT_MODULE_DOWN && !strcmp(emf_module_peer(m), "buyer"))
		emf_module_stop(m, 0);
	return 0;
}
