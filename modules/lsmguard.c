// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * lsmguard.c - the rules. The map is the list: there is no other one.
 *
 * A rule for P is two prefixes, "P/" and "P" with the NUL that ends it: so /etc/pass is no rule for /etc/passwd.
 */
#include "lsmguard_emf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX 244 /* a string<=243 of the description */
#define WHY_MAX 192

static struct {
	struct module *m;
	struct lsmguard_list_reply *reply; /* that is being filled */
	uint32_t skip, limit;
} g;

/* --- rules as people write them */

/* Return: 0, or -EINVAL and why. */
static int parse(const char *text, char path[TEXT_MAX], char why[WHY_MAX])
{
	char real[PATH_MAX], shown[64];
	size_t len;

	emf_text(shown, sizeof(shown), text, strnlen(text, sizeof(shown) - 1));
	if (*text != '/') {
		snprintf(why, WHY_MAX, "\"%s\" is no path that begins with '/'", shown);
		return -EINVAL;
	}
	/* One that is not there yet stands as it is written. */
	if (!realpath(text, real))
		snprintf(real, sizeof(real), "%s", text);
	len = strlen(real);
	while (len && real[len - 1] == '/')
		real[--len] = '\0';
	if (len >= TEXT_MAX) {
		snprintf(why, WHY_MAX, "\"%s\" leads to a path of %zu bytes; %d are the most", shown, len, TEXT_MAX - 1);
		return -EINVAL;
	}
	memcpy(path, real, len + 1);
	return 0;
}

/* Of a path without a '/' at its end, "" for all; what follows it is the file's end or what is below the folder. */
static struct lsmguard_key key_of(const char *path, char following)
{
	struct lsmguard_key key = { .length = 0 };
	size_t len = strlen(path);

	memcpy(key.path, path, len);
	key.path[len] = following;
	key.length = (__u32)(8 * (len + 1));
	return key;
}

/* --- the list */

static bool find(const struct lsmguard_key *key, struct lsmguard_value *value)
{
	/* The trie answers with what lies around it, too. */
	return !lsmguard_map_paths_lookup(g.m, key, value) && value->length == key->length;
}

static int update(const struct lsmguard_key *key, enum lsmguard_verdict verdict, bool is_own)
{
	const struct lsmguard_value value = { .verdict = verdict, .length = (__u16)key->length, .own = is_own };

	return lsmguard_map_paths_update(g.m, key, &value);
}

static int add(const char *text, enum lsmguard_verdict verdict, char why[WHY_MAX])
{
	struct lsmguard_key file, below;
	struct lsmguard_value known;
	char path[TEXT_MAX];
	int err = parse(text, path, why);

	if (err)
		return err;
	file = key_of(path, '\0');
	below = key_of(path, '/');
	if (find(&file, &known)) {
		if (known.own) {
			snprintf(why, WHY_MAX, "\"%.100s\" is a file of this product, and can always be opened", path);
			return -EINVAL;
		}
		if (known.verdict == verdict) /* it keeps its hits */
			return 0;
	}
	err = update(&file, verdict, false);
	if (!err) {
		err = update(&below, verdict, false);
		if (err)
			lsmguard_map_paths_delete(g.m, &file);
	}
	if (err == -ENOSPC)
		snprintf(why, WHY_MAX, "\"%.100s\" does not fit: there is room for %u rules (parameter rules)", path, lsmguard_params.rules);
	else if (err)
		snprintf(why, WHY_MAX, "\"%.100s\": %s", path, emf_errno_name(err));
	return err;
}

/* --- what can be opened whatever the rules say: or nobody could take them back */

static int add_own(const char *path)
{
	struct lsmguard_key key;

	if (strlen(path) >= TEXT_MAX)
		return 0;
	key = key_of(path, '\0');
	return update(&key, LSMGUARD_VERDICT_ALLOW, true);
}

/* The binary, and what it has loaded. Its socket is not opened, but connected to, which no rule is asked about. */
static int add_all_own(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[PATH_MAX + 128], *path;
	int err = 0;

	if (!maps)
		return -errno;
	while (!err && fgets(line, sizeof(line), maps)) {
		path = strchr(line, '/');
		if (!path)
			continue;
		path[strcspn(path, "\n")] = '\0';
		err = add_own(path);
	}
	fclose(maps);
	return err;
}

/* --- for those who call */

static int refuse(struct ebus_call *call, int err, const char *why)
{
	struct lsmguard_refused error = { .reason = err };

	snprintf(error.why, sizeof(error.why), "%s", why);
	return lsmguard_fail_refused(call, &error);
}

int lsmguard_serve_deny(struct ebus_call *call, const struct lsmguard_deny_args *args)
{
	char why[WHY_MAX];
	int err = add(args->prefix, LSMGUARD_VERDICT_DENY, why);

	return err ? refuse(call, err, why) : 0;
}

int lsmguard_serve_allow(struct ebus_call *call, const struct lsmguard_allow_args *args)
{
	char why[WHY_MAX];
	int err = add(args->prefix, LSMGUARD_VERDICT_ALLOW, why);

	return err ? refuse(call, err, why) : 0;
}

int lsmguard_serve_remove(struct ebus_call *call, const struct lsmguard_remove_args *args)
{
	struct lsmguard_no_such_rule absent = { .prefix = "" };
	struct lsmguard_key file, below;
	struct lsmguard_value known;
	char why[WHY_MAX], path[TEXT_MAX];
	int err = parse(args->prefix, path, why);

	if (err)
		return refuse(call, err, why);
	file = key_of(path, '\0');
	below = key_of(path, '/');
	if (!find(&below, &known)) {
		memcpy(absent.prefix, path, sizeof(path));
		return lsmguard_fail_no_such_rule(call, &absent);
	}
	lsmguard_map_paths_delete(g.m, &file);
	return lsmguard_map_paths_delete(g.m, &below);
}

/* What is below stands for both; of the file itself are the other hits. */
static int list(const struct lsmguard_key *key, const struct lsmguard_value *value, void *arg)
{
	size_t len = key->length / 8 - 1;
	struct lsmguard_list_reply *reply = g.reply;
	struct lsmguard_value file;
	struct lsmguard_key file_key;
	struct lsmguard_rule *row;

	(void)arg;
	if (key->path[len] != '/' || reply->total++ < g.skip || reply->rows_len == g.limit)
		return 0;
	row = &reply->rows[reply->rows_len++];
	*row = (struct lsmguard_rule){ .verdict = value->verdict };
	memcpy(row->prefix, key->path, len ? len : 1);
	file_key = *key;
	file_key.path[len] = '\0';
	row->hits = value->hits + (find(&file_key, &file) ? file.hits : 0);
	return 0;
}

int lsmguard_serve_list(struct ebus_call *call, const struct lsmguard_list_args *args, struct lsmguard_list_reply *reply)
{
	(void)call;
	g.reply = reply;
	g.skip = args->skip;
	g.limit = args->limit < LSMGUARD_ROWS_MAX ? args->limit : LSMGUARD_ROWS_MAX;
	reply->total = reply->rows_len = 0;
	return lsmguard_map_paths_for_each(g.m, list, NULL);
}

/* --- */

#define OWN_MAX 256 /* files that the product has loaded */

int lsmguard_configure(struct module *m)
{
	struct lsmguard_bpf *skeleton = lsmguard_skeleton(m);

	skeleton->rodata->own_pid = (__u32)getpid();
	return bpf_map__set_max_entries(skeleton->maps.paths, 2 * lsmguard_params.rules + OWN_MAX);
}

static int add_from_start(const char *option, const char *words, enum lsmguard_verdict verdict)
{
	char all[sizeof(lsmguard_params.deny)], why[WHY_MAX], *rest = all, *word;
	int err = 0;

	snprintf(all, sizeof(all), "%s", words);
	while (!err && (word = strsep(&rest, ","))) {
		err = *word ? add(word, verdict, why) : 0;
		if (err)
			emf_err(g.m, "--%s: %s", option, why);
	}
	return err;
}

int lsmguard_create(struct module *m)
{
	int err;

	g.m = m;
	err = add_all_own();
	if (err) {
		emf_err(m, "cannot find out which files are its own: %s", strerror(-err));
		return err;
	}
	err = add_from_start("deny", lsmguard_params.deny, LSMGUARD_VERDICT_DENY);
	return err ? err : add_from_start("allow", lsmguard_params.allow, LSMGUARD_VERDICT_ALLOW);
}

/* Whether it is called at all: a kernel that was not told to use BPF as LSM attaches the program all the same. */
int lsmguard_attach(struct module *m)
{
	struct lsmguard_total total = { .asked = 0 };
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), err;
	__u32 zero = 0;

	if (fd >= 0)
		close(fd);
	err = lsmguard_map_totals_sum(m, &zero, &total);
	if (err || total.asked)
		return err;
	emf_err(m, "the kernel does not ask eBPF programs who may open a file: \"bpf\" is not among its active LSMs"
		   " (start it with lsm=...,bpf on its command line; 'emf doctor' shows those that are)");
	return -EOPNOTSUPP;
}

int lsmguard_destroy(struct module *m)
{
	struct lsmguard_total total;
	__u32 zero = 0;

	if (!lsmguard_map_totals_sum(m, &zero, &total) && total.unjudged)
		emf_warn(m, "%llu opens were let pass since their path could not be found out", total.unjudged);
	return 0;
}
