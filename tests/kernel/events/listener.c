#include "listener_emf.h"

static void on_said(struct talk_said_subscription *subscription, const struct talk_said *said)
{
	emf_print(subscription->base.owner, "listener: %u %s %u\n", said->pid, said->who, said->text_len);
}

int listener_create(struct module *m)
{
	static struct talk_said_subscription said = { .handler = on_said };

	return talk_on_said(&talk_client, m, &said);
}
