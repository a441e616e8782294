#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ban.h"
#include "rules_emf.h"

static int end(const char *where)
{
	return strcmp(rules_params.ends_in, where) ? 0 : -EIO;
}

int rules_create(struct module *m)
{
	const struct ban_key key = { .pid = 1 };
	const struct ban_value value = { .level = 1, .seen = 0 };
	int err = rules_map_ban_update(m, &key, &value);

	return err ? err : end("create");
}

int rules_attach(struct module *m)
{
	(void)m;
	return end("attach");
}

int rules_poll(struct module *m)
{
	(void)m;
	return end("poll");
}

/* What guard's user part wrote. */
int rules_notify(struct module *m)
{
	const struct ban_key key = { .pid = 2 };
	struct ban_value value;

	if (emf_module_event(m) == EMF_EVENT_MODULE_UP && !rules_map_ban_lookup(m, &key, &value))
		emf_print(m, "from %s: %u\n", emf_module_peer(m), value.level);
	return 0;
}
