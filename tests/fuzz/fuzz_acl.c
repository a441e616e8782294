// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * fuzz_acl.c - a file of access rules: all of the input is one, beside a good one that denies something.
 */
#include "fuzz.h"

#include <string.h>
#include <unistd.h>

#include "acl.h"
#include "input.h"

static char folder[] = "/tmp/emf-fuzz-XXXXXX";

static void at(char path[64], const char *name)
{
	snprintf(path, 64, "%s/%s", folder, name);
}

static void remove_folder(void)
{
	char path[64];

	at(path, "a.conf");
	unlink(path);
	at(path, "b.conf");
	unlink(path);
	rmdir(folder);
}

/* Once; a.conf is the input, whatever that is at the time. */
static void make_folder(const char *input)
{
	char path[64];
	FILE *good;

	if (!access(folder, F_OK))
		return;
	fuzz_assert(mkdtemp(folder));
	atexit(remove_folder);
	at(path, "a.conf");
	fuzz_assert(!symlink(input, path));
	at(path, "b.conf");
	good = fopen(path, "we");
	fuzz_assert(good && fputs("[user 5]\ndeny = flow.reset\n[group 6]\nallow = read\n", good) >= 0 && !fclose(good));
}

static void decide(const struct emf_acl *acl)
{
	static const gid_t groups[] = { 6, 7 };
	static const char *const levels[] = { "read", "admin", "operate" };
	char why[EMF_ACL_WHY_MAX] = "";

	for (uid_t uid = 0; uid < 6; uid += 5) {
		const struct emf_acl_peer peer = { .uid = uid, .groups = groups, .n_groups = 2, .is_owner = !uid };

		emf_acl_knows(acl, &peer);
		for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
			emf_acl_allows(acl, &peer, "flow", "top", levels[i], why);
			fuzz_assert(why[0]);
			/* Whatever else a file allows, what one denies is denied. */
			fuzz_assert(uid != 5 || !emf_acl_allows(acl, &peer, "flow", "reset", levels[i], NULL));
		}
		emf_acl_allows(acl, &peer, "flow", NULL, "provide", why);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct emf_acl acl;
	FILE *ours = stderr;
	int err;

	make_folder(input_file(data, size));
	stderr = input_nowhere();
	err = emf_acl_read(&acl, folder);
	stderr = ours;
	fuzz_assert(acl.n <= EMF_ACL_RULES_MAX);
	if (!err)
		decide(&acl);
	emf_acl_fini(&acl);
	return 0;
}
