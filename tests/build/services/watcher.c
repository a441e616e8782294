#include "watcher_emf.h"

static void on_sold(struct shop_sold_subscription *subscription, const struct shop_sold *sold)
{
	emf_print(subscription->base.owner, "watcher: %s for %llu\n", sold->name, (unsigned long long)sold->total);
	if (!sold->total)
		ebus_unsubscribe(&subscription->base);
}

static void on_closing(struct shop_closing_subscription *subscription)
{
	emf_print(subscription->base.owner, "watcher: closing\n");
}

int watcher_create(struct module *m)
{
	static struct shop_sold_subscription sold = { .handler = on_sold };
	static struct shop_closing_subscription closing = { .handler = on_closing };
	struct shop_count_reply reply;

	emf_print(m, "watcher: %s\n", emf_errno_name(shop_call_count(&shop_client, &reply)));
	shop_on_closing(&shop_client, m, &closing);
	return shop_on_sold(&shop_client, m, &sold);
}

/* Nothing is left to do then. */
int watcher_notify(struct module *m)
{
	if (emf_module_event(m) == EMF_EVENT_MODULE_DOWN && !strcmp(emf_module_peer(m), "buyer"))
		emf_module_stop(m, 0);
	return 0;
}
