// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * acl.c - who may what on the bus.
 */
#include "acl.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <emf/loop.h>

#include "inifile.h"
#include "loop.h"
#include "principal.h"

#define PROVIDE "provide:"
#define FOLDER EMF_SYSCONFDIR "/emf/acl.d"

struct reader {
	struct emf_ini ini;
	struct emf_acl *acl;
	char section[128]; /* whose id is in id */
	bool is_group, is_known;
	unsigned int id;
};

/* --- reading */

/* "user alice", "group 4": whom the lines below it are about. */
static void enter(struct reader *r, const char *section)
{
	const char *name = NULL;

	if (!strcmp(r->section, section))
		return;
	snprintf(r->section, sizeof(r->section), "%s", section);
	r->is_known = false;
	r->is_group = !strncmp(section, "group ", 6);
	if (r->is_group)
		name = section + 6;
	else if (!strncmp(section, "user ", 5))
		name = section + 5;
	if (!name || !*(name += strspn(name, " \t"))) {
		emf_ini_mistake(&r->ini, "[%s] is neither [user NAME] nor [group NAME]", section);
		return;
	}
	if (r->is_group ? emf_principal_group(name, &r->id) : emf_principal_user(name, &r->id)) {
		emf_ini_mistake(&r->ini, "there is no %s \"%s\" on this system; a number would do", r->is_group ? "group" : "user",
				name);
		return;
	}
	r->is_known = true;
}

static void add(struct reader *r, const char *word, bool is_deny)
{
	struct emf_acl *acl = r->acl;
	struct emf_acl_rule *rule;

	if (acl->n == EMF_ACL_RULES_MAX) {
		emf_ini_mistake(&r->ini, "there are more than %d rules", EMF_ACL_RULES_MAX);
		return;
	}
	rule = realloc(acl->rules, (acl->n + 1) * sizeof(*rule));
	if (!rule) {
		emf_ini_mistake(&r->ini, "out of memory");
		return;
	}
	acl->rules = rule;
	rule += acl->n++;
	*rule = (struct emf_acl_rule){ .is_group = r->is_group, .is_deny = is_deny, .id = r->id, .line = r->ini.line,
				       .file = strdup(r->ini.file), .who = strdup(r->section), .word = strdup(word) };
	if (!rule->file || !rule->who || !rule->word)
		emf_ini_mistake(&r->ini, "out of memory");
}

static void on_entry(struct emf_ini *ini, const char *section, const char *key, const char *value)
{
	struct reader *r = emf_container_of(ini, struct reader, ini);
	bool is_deny = !strcmp(key, "deny");
	char list[256], *rest = list, *word;

	if (!*section) {
		emf_ini_mistake(ini, "\"%s\" stands before the first [user NAME] or [group NAME]", key);
		return;
	}
	enter(r, section);
	if (!is_deny && strcmp(key, "allow"))
		emf_ini_mistake(ini, "there is no key \"%s\"; there are: allow, deny", key);
	snprintf(list, sizeof(list), "%s", value);
	while ((word = strsep(&rest, ", \t")))
		if (*word && r->is_known)
			add(r, word, is_deny);
}

int emf_acl_read(struct emf_acl *acl, const char *folder)
{
	struct reader r = { .ini.on_entry = on_entry, .acl = acl };
	int err;

	*acl = (struct emf_acl){ 0 };
	err = emf_ini_read_folder(&r.ini, folder ? folder : FOLDER);
	return err ? err : r.ini.mistakes ? -EINVAL : 0;
}

void emf_acl_fini(struct emf_acl *acl)
{
	for (size_t i = 0; i < acl->n; i++) {
		free(acl->rules[i].file);
		free(acl->rules[i].who);
		free(acl->rules[i].word);
	}
	free(acl->rules);
	*acl = (struct emf_acl){ 0 };
}

/* --- deciding */

static bool is_about(const struct emf_acl_rule *rule, const struct emf_acl_peer *peer)
{
	if (!rule->is_group)
		return rule->id == peer->uid;
	for (size_t i = 0; i < peer->n_groups; i++)
		if (peer->groups[i] == rule->id)
			return true;
	return false;
}

static bool matches(const struct emf_acl_rule *rule, const char *service, const char *member, const char *access)
{
	char name[160];

	if (!strncmp(rule->word, PROVIDE, strlen(PROVIDE)))
		return !member && !fnmatch(rule->word + strlen(PROVIDE), service, 0);
	if (!strcmp(rule->word, "admin"))
		return true;
	if (!member)
		return false;
	if (!strchr(rule->word, '.'))
		return !strcmp(rule->word, access);
	snprintf(name, sizeof(name), "%s.%s", service, member);
	return !fnmatch(rule->word, name, 0);
}

static bool decided(char why[EMF_ACL_WHY_MAX], const struct emf_acl_rule *rule)
{
	if (why)
		snprintf(why, EMF_ACL_WHY_MAX, "%s:%d: [%.60s] %s = %.100s", rule->file, rule->line, rule->who,
			 rule->is_deny ? "deny" : "allow", rule->word);
	return !rule->is_deny;
}

static bool by_default(char why[EMF_ACL_WHY_MAX], bool allowed, const char *sentence)
{
	if (why)
		snprintf(why, EMF_ACL_WHY_MAX, "no rule: %s", sentence);
	return allowed;
}

bool emf_acl_allows(const struct emf_acl *acl, const struct emf_acl_peer *peer, const char *service, const char *member,
		    const char *access, char why[EMF_ACL_WHY_MAX])
{
	for (size_t i = 0; i < acl->n; i++)
		if (acl->rules[i].is_deny && is_about(&acl->rules[i], peer) && matches(&acl->rules[i], service, member, access))
			return decided(why, &acl->rules[i]);
	if (peer->is_owner)
		return by_default(why, true, "root, and who runs the product, may all that is not denied");
	for (size_t i = 0; i < acl->n; i++)
		if (!acl->rules[i].is_deny && is_about(&acl->rules[i], peer) && matches(&acl->rules[i], service, member, access))
			return decided(why, &acl->rules[i]);
	if (peer->is_of_socket && member && !strcmp(access, "read"))
		return by_default(why, true, "the group of the socket may read");
	return by_default(why, false, "nobody else may");
}

bool emf_acl_knows(const struct emf_acl *acl, const struct emf_acl_peer *peer)
{
	for (size_t i = 0; i < acl->n; i++)
		if (!acl->rules[i].is_deny && is_about(&acl->rules[i], peer))
			return true;
	return false;
}
