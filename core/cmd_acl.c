// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_acl.c - "acl explain": which rule decides.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "acl.h"
#include "bus_module.h"
#include "command.h"
#include "log.h"
#include "principal.h"
#include "rundir.h"

#define GROUPS_MAX 256

static const struct ebus_member *find(const struct ebus_member *members, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(members[i].name, name))
			return &members[i];
	return NULL;
}

/* "service.member"; "provide:service" is no member. Return: who may use it, or NULL, told. */
static const char *access_of(const char *service, const char *member)
{
	const struct ebus_service *s = emf_bus_find(service);
	const struct ebus_member *m = NULL;

	if (!s) {
		emf_err(NULL, "this product knows no service \"%s\"; 'services' lists them", service);
		return NULL;
	}
	if (!member)
		return "provide";
	m = find(s->methods, s->n_methods, member);
	if (!m)
		m = find(s->signals, s->n_signals, member);
	if (!m)
		emf_err(NULL, "service %s has no method or signal \"%s\"; 'describe %s' shows it", service, member, service);
	return m ? m->access : NULL;
}

static bool is_of_socket(const struct emf *emf, const gid_t *groups, size_t n)
{
	char path[RUNDIR_PATH_MAX];
	struct stat st;

	if (emf_rundir_socket(emf->product->name, path) || stat(path, &st) || !st.st_gid)
		return false;
	for (size_t i = 0; i < n; i++)
		if (groups[i] == st.st_gid)
			return true;
	return false;
}

static int explain(const struct emf *emf, const char *user, char *service)
{
	char *member = strchr(service, '.');
	gid_t groups[GROUPS_MAX];
	struct emf_acl_peer peer = { .groups = groups };
	char why[EMF_ACL_WHY_MAX];
	struct emf_acl acl;
	const char *access;
	bool allowed;

	if (!strncmp(service, "provide:", 8))
		service += 8;
	else if (member)
		*member++ = '\0';
	access = access_of(service, member);
	if (!access)
		return EMF_EXIT_USAGE;
	if (emf_principal_user(user, &peer.uid)) {
		emf_err(NULL, "there is no user \"%s\" on this system; a number would do", user);
		return EMF_EXIT_USAGE;
	}
	peer.n_groups = emf_principal_groups(user, peer.uid, groups, GROUPS_MAX);
	peer.is_owner = peer.uid == 0;
	peer.is_of_socket = is_of_socket(emf, groups, peer.n_groups);
	if (emf_acl_read(&acl, NULL)) {
		emf_acl_fini(&acl);
		return EMF_EXIT_FAILED;
	}
	allowed = emf_acl_allows(&acl, &peer, service, member, access, why);
	if (member)
		printf("%s: %s %s.%s, which is for %s\n%s\n", allowed ? "allowed" : "denied", user, service, member, access, why);
	else
		printf("%s: %s provide:%s\n%s\n", allowed ? "allowed" : "denied", user, service, why);
	emf_acl_fini(&acl);
	return allowed ? EMF_EXIT_OK : EMF_EXIT_FAILED;
}

int emf_cmd_acl(struct emf *emf, int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "explain") && (strchr(argv[3], '.') || !strncmp(argv[3], "provide:", 8))) {
		emf_bus_init(&emf->loop);
		return explain(emf, argv[2], argv[3]);
	}
	/* Behind "explain", too: where a module is named acl, "acl --help" is the module's. */
	if (argc > 1 && (!strcmp(argv[argc - 1], "--help") || !strcmp(argv[argc - 1], "-h"))) {
		emf_command_usage(stdout, emf, "acl");
		printf("\nSERVICE.MEMBER is a method or a signal; provide:SERVICE asks whether the user may provide it.\n"
		       "Rules are read from " EMF_SYSCONFDIR "/emf/acl.d/*.conf.\n"
		       "Exit status: 0 allowed, 1 denied, 2 a word is wrong or unknown\n");
		return EMF_EXIT_OK;
	}
	emf_err(NULL, "usage: %s acl explain USER SERVICE.MEMBER, or provide:SERVICE", emf->product->name);
	return EMF_EXIT_USAGE;
}
