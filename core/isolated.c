// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * isolated.c - which isolated extensions there are.
 */
#include "isolated.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "extension.h"
#include "isolated_process.h"
#include "isolated_service.h"
#include "life.h"
#include "package_load.h"

static int refuse(char *why, int err, const char *sentence)
{
	snprintf(why, EMF_ISOLATED_WHY_MAX, "%s", sentence);
	return err;
}

/* --- one comes */

static int find_slot(const struct emf *emf, unsigned int *slot)
{
	uint32_t used = 0;

	for (const struct emf_isolated *iso = emf->isolated; iso; iso = iso->next)
		used |= 1u << iso->slot;
	for (*slot = 0; *slot < EMF_ISOLATED_MAX; ++*slot)
		if (!(used & 1u << *slot))
			return 0;
	return -E2BIG;
}

/* It is opened again, by a user who owns nothing. */
static int check_mode(const struct emf_isolated *iso, char *why)
{
	struct stat st;

	if (fstat(iso->fd, &st) || !iso->uid || st.st_mode & S_IROTH)
		return 0;
	snprintf(why, EMF_ISOLATED_WHY_MAX, "nobody but its owner can read it (mode %04o), and it runs as a user of its own: chmod a+r", st.st_mode & 07777u);
	return -EACCES;
}

static int open_file(struct emf_isolated *iso, char *why)
{
	int err;

	iso->fd = emf_extension_file_open(iso->path, why);
	if (iso->fd < 0)
		return iso->fd;
	err = check_mode(iso, why);
	if (!err)
		err = emf_isolated_table_read(iso->fd, iso->emf->product, &iso->table, why);
	return err ? err : emf_isolated_check_rights(iso->table.caps, why, EMF_ISOLATED_WHY_MAX);
}

/* What stands for it: its name, and nothing that could be called. */
static int add_unit(struct emf_isolated *iso, char *why)
{
	struct emf_registry *registry = &iso->emf->registry;
	const struct emf_unit *there = emf_registry_find(registry, iso->table.module);
	struct module *const m = &iso->module;
	int err;

	if (there && there->isolated) {
		snprintf(why, EMF_ISOLATED_WHY_MAX, "module %.63s is loaded already: unload it first", iso->table.module);
		return -EEXIST;
	}
	if (there) {
		snprintf(why, EMF_ISOLATED_WHY_MAX, "two modules are named \"%.63s\"", iso->table.module);
		return -EEXIST;
	}
	*m = (struct module){ .name = iso->table.module, .version = iso->table.version, .doc = "runs in a process of its own" };
	snprintf(why, EMF_ISOLATED_WHY_MAX, "it has a name that no module can have; the log says why");
	err = emf_registry_add(registry, iso->emf, &m, &m + 1, NULL);
	if (err)
		return err;
	iso->unit = m->unit;
	iso->unit->isolated = iso;
	iso->unit->wanted = true;
	return 0;
}

static void free_parts(struct emf_isolated *iso)
{
	emf_isolated_table_free(&iso->table);
	for (size_t i = 0; i < iso->n_words; i++)
		free(iso->words[i]);
	for (size_t i = 0; i < iso->n_given; i++)
		free(iso->given[i]);
	if (iso->fd >= 0)
		close(iso->fd);
	free(iso->path);
	free(iso);
}

static int make(struct emf *emf, const char *path, struct emf_isolated **made, char *why)
{
	struct emf_isolated *iso = calloc(1, sizeof(*iso));
	int err = -ENOMEM;

	if (!iso)
		return err;
	iso->emf = emf;
	iso->fd = -1;
	iso->path = strdup(path);
	if (iso->path)
		err = find_slot(emf, &iso->slot);
	if (err == -E2BIG)
		snprintf(why, EMF_ISOLATED_WHY_MAX, "%d isolated extensions are there, and that is all that a product takes", EMF_ISOLATED_MAX);
	iso->uid = emf_isolated_uid(iso->slot);
	if (!err)
		err = open_file(iso, why);
	if (!err)
		err = add_unit(iso, why);
	if (err)
		free_parts(iso);
	else
		*made = iso;
	return err;
}

int emf_isolated_add(struct emf *emf, const char *path, struct emf_isolated **iso, char why[EMF_ISOLATED_WHY_MAX])
{
	struct emf_isolated **at = &emf->isolated;
	char found[PATH_MAX];
	int err;

	refuse(why, -ENOMEM, "out of memory");
	if (emf_extension_is_in_folder(path, found))
		path = found;
	else if (emf_package_is_path(path) || emf_package_find(path, found))
		return refuse(why, -EINVAL, "it is a package, which has no native code that could do harm: load it without --isolated");
	err = make(emf, path, iso, why);
	if (err)
		return err;
	while (*at)
		at = &(*at)->next;
	*at = *iso;
	return 0;
}

int emf_isolated_set(struct emf_isolated *iso, const char *word)
{
	const char *equals = strchr(word, '=');

	if (!equals || equals == word)
		return -EINVAL;
	if (iso->n_words == EMF_ISOLATED_WORDS_MAX)
		return -E2BIG;
	iso->words[iso->n_words] = strdup(word);
	return iso->words[iso->n_words] ? (int)(iso->n_words++, 0) : -ENOMEM;
}

int emf_isolated_load(struct emf *emf, const char *path, const char *const *words, size_t n,
		      void (*settled)(struct emf_isolated *iso, int err), struct emf_isolated **iso,
		      char why[EMF_ISOLATED_WHY_MAX])
{
	int err = emf_isolated_add(emf, path, iso, why);

	if (err)
		return err;
	refuse(why, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n && !err; i++)
		err = emf_isolated_set(*iso, words[i]);
	if (err == -EINVAL)
		refuse(why, err, "its parameters are written as PARAMETER=VALUE");
	if (err == -E2BIG)
		snprintf(why, EMF_ISOLATED_WHY_MAX, "it is given more than %d parameters", EMF_ISOLATED_WORDS_MAX);
	if (!err)
		err = emf_life_ask_start((*iso)->unit, NULL, why, EMF_ISOLATED_WHY_MAX);
	if (err) {
		emf_isolated_free(*iso);
		return err;
	}
	(*iso)->settled = settled;
	(*iso)->is_loading = true;
	return 0;
}

/* --- one goes */

void emf_isolated_free(struct emf_isolated *iso)
{
	struct emf_isolated **at = &iso->emf->isolated;

	while (*at != iso)
		at = &(*at)->next;
	*at = iso->next;
	emf_isolated_disconnect(iso);
	emf_timer_stop(&iso->timer);
	for (size_t i = 0; i < iso->n_described; i++)
		emf_described_drop(iso->described[i]);
	emf_registry_remove(&iso->emf->registry, iso->unit);
	free_parts(iso);
}

int emf_isolated_unload(struct emf_isolated *iso, void (*settled)(struct emf_isolated *iso, int err),
			char why[EMF_ISOLATED_WHY_MAX])
{
	if (iso->is_going || iso->unit->start_asked || iso->state == EMF_ISOLATED_ENDING ||
	    (iso->state == EMF_ISOLATED_STARTING && !iso->is_again))
		return refuse(why, -EBUSY, iso->is_going || iso->state == EMF_ISOLATED_ENDING ? "it is being stopped" : "it is being started");
	iso->is_going = true;
	iso->settled = settled;
	return 0;
}

/* Nothing of it runs, and nothing will. */
static bool is_over(const struct emf_isolated *iso)
{
	return !iso->pid && !iso->unit->start_asked && (iso->state == EMF_ISOLATED_STOPPED || iso->state == EMF_ISOLATED_GIVEN_UP);
}

static void end_load(struct emf_isolated *iso)
{
	void (*settled)(struct emf_isolated *iso, int err) = iso->settled;

	iso->settled = NULL;
	if (settled)
		settled(iso, 0);
	emf_isolated_free(iso);
}

void emf_isolated_turn(struct emf *emf)
{
	for (struct emf_isolated *iso = emf->isolated, *next; iso; iso = next) {
		next = iso->next;
		if (iso->is_going && !is_over(iso) && iso->state != EMF_ISOLATED_ENDING)
			emf_isolated_stop(iso->unit);
		if (iso->is_going && is_over(iso)) {
			end_load(iso);
			continue;
		}
		/* A signal may have found the socket full: then the loop is to tell when it is not any more. */
		if (iso->is_connected && (iso->peer.error || (iso->peer.link.first && (!iso->peer.link.blocked || !(iso->socket.events & EPOLLOUT)))))
			emf_isolated_flush(iso);
	}
	emf_described_turn(false);
}

void emf_isolated_forget_all(struct emf *emf)
{
	while (emf->isolated)
		emf_isolated_free(emf->isolated);
	emf_described_turn(true);
}

const char *emf_isolated_state_name(const struct emf_isolated *iso)
{
	static const char *const names[] = {
		[EMF_ISOLATED_STOPPED] = "stopped", [EMF_ISOLATED_STARTING] = "starting", [EMF_ISOLATED_RUNNING] = "running",
		[EMF_ISOLATED_WAITING] = "waiting", [EMF_ISOLATED_ENDING] = "stopping", [EMF_ISOLATED_GIVEN_UP] = "given up",
	};

	return names[iso->state];
}
