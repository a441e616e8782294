#include "ban.h"
#include "guard_emf.h"

/* What the user part of rules wrote, and one for it to read. */
int guard_create(struct module *m)
{
	const struct ban_key theirs = { .pid = 1 }, own = { .pid = 2 };
	struct ban_value value;
	int err = guard_map_ban_lookup(m, &theirs, &value);

	if (err)
		return err;
	emf_print(m, "from rules: %u\n", value.level);
	value.level = 2;
	return guard_map_ban_update(m, &own, &value);
}

static int visit(const struct ban_key *key, const struct ban_value *value, void *ctx)
{
	struct module *m = (struct module *)ctx;

	if (!value->told || !value->seen)
		return 0;
	emf_print(m, "%u seen %llu\n", key->pid, (unsigned long long)value->seen);
	return guard_map_ban_delete(m, key);
}

int guard_poll(struct module *m)
{
	return guard_map_ban_for_each(m, visit, m);
}
