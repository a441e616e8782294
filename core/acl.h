/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * acl.h - who may what on the bus: the rules of <sysconfdir>/emf/acl.d/<star>.conf.
 *
 *	[user alice]			# or its number
 *	allow = read, flow.block, provide:geo
 *	[group operators]
 *	allow = admin
 *	deny = flow.reset
 *
 * A word is a level ("admin": all, "read"), a tag of the description, a pattern for
 * "service.member", or "provide:" and a pattern for a service.
 */
#ifndef EMF_CORE_ACL_H
#define EMF_CORE_ACL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define EMF_ACL_RULES_MAX 1024
#define EMF_ACL_WHY_MAX 512

/* One word of one line. */
struct emf_acl_rule {
	bool is_group, is_deny;
	unsigned int id;
	int line;
	char *file;
	char *who; /* as it is written: "user alice" */
	char *word;
};

struct emf_acl {
	struct emf_acl_rule *rules;
	size_t n;
};

/* Who asks. */
struct emf_acl_peer {
	uid_t uid;
	const gid_t *groups; /* with the first one */
	size_t n_groups;
	bool is_owner; /* root, or who runs the product */
	bool is_of_socket; /* of the group that the socket belongs to */
};

/**
 * emf_acl_read() - the rules
 * @acl: receives them; free with emf_acl_fini(), also after an error
 * @folder: NULL for the product's own
 *
 * Return: 0; -EINVAL for a mistake, all logged with file and line; -ENOMEM.
 */
int emf_acl_read(struct emf_acl *acl, const char *folder);
void emf_acl_fini(struct emf_acl *acl);

/**
 * emf_acl_allows() - whether somebody may use a method or listen to a signal
 * @acl: the rules
 * @peer: who asks
 * @service: its name; with @member NULL, whether it may be provided
 * @member: name of the method or signal
 * @access: as the description says: "admin", "read" or a tag
 * @why: receives which rule decides, as a sentence; may be NULL
 *
 * What is denied is denied, to root as well. Then the owner may all, others what is
 * allowed to them, the group of the socket what is for read.
 *
 * Return: whether it may.
 */
bool emf_acl_allows(const struct emf_acl *acl, const struct emf_acl_peer *peer, const char *service, const char *member,
		    const char *access, char why[EMF_ACL_WHY_MAX]);

/* Whether a rule allows this peer anything: then it may connect. */
bool emf_acl_knows(const struct emf_acl *acl, const struct emf_acl_peer *peer);

#endif
