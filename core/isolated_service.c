// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * isolated_service.c - services that are known by a description alone.
 */
#include "isolated_service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "schema.h"
#include "schema_read.h"
#include "text.h"

struct described {
	struct described *next;
	struct emf_schema *schema;
	size_t n_users; /* isolated extensions that provide it */
	uint8_t *policies; /* of its signals, which packages of the same service set */
	size_t size;
	char text[];
};

static struct described *all;

static struct described *find(const struct ebus_service *service)
{
	struct described *d = all;

	while (d && &d->schema->service != service)
		d = d->next;
	return d;
}

static void free_one(struct described *d)
{
	emf_schema_free(d->schema);
	free(d->policies);
	free(d);
}

bool emf_described_is(const struct ebus_service *service)
{
	return find(service) != NULL;
}

/* Nothing of it may drive a terminal, wherever it is shown. */
static bool is_text(const char *text, size_t size)
{
	for (size_t n; size; size -= n, text += n) {
		n = *text == '\n' || *text == '\t' ? 1 : emf_text_character(text, size);
		if (!n)
			return false;
	}
	return true;
}

/* What works on members asks who may have them. */
static bool all_have_access(const struct ebus_member *members, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!members[i].access)
			return false;
	return true;
}

static int check(const struct ebus_service *s, const struct emf_extension_line *line, char *why)
{
	if (!strcmp(s->name, line->name) && !strcmp(s->version, line->version) && s->hash == line->value &&
	    all_have_access(s->methods, s->n_methods) && all_have_access(s->signals, s->n_signals))
		return 0;
	snprintf(why, EMF_EXTENSION_WHY_MAX, "it describes the service %s otherwise than its file", line->name);
	return -EPROTO;
}

static int read_new(const char *text, size_t size, const struct emf_extension_line *line, struct described **made, char *why)
{
	char mistake[EMF_SCHEMA_WHY_MAX];
	size_t len = strnlen(text, size);
	struct described *d;
	int err;

	snprintf(why, EMF_EXTENSION_WHY_MAX, "its description of the service %s is damaged", line->name);
	if (size > EMF_DESCRIPTION_MAX || len + 1 >= size || text[size - 1] || strnlen(text + len + 1, size - len - 1) != size - len - 2 ||
	    !is_text(text + len + 1, size - len - 2))
		return -EPROTO;
	d = calloc(1, sizeof(*d) + size);
	if (!d)
		return -ENOMEM;
	err = emf_schema_read(text, len, &d->schema, mistake);
	if (err) {
		snprintf(why, EMF_EXTENSION_WHY_MAX, "its description of the service %s is damaged: %.120s", line->name, mistake);
		free(d);
		return err;
	}
	memcpy(d->text, text, size);
	d->size = size;
	d->policies = calloc(d->schema->service.n_signals + 1, 1);
	if (!d->policies) {
		free_one(d);
		return -ENOMEM;
	}
	d->schema->service.policies = d->policies;
	d->schema->service.idl = d->text + len + 1;
	d->schema->service.client = &d->schema->client;
	d->schema->client.waiting.client = &d->schema->client;
	err = check(&d->schema->service, line, why);
	if (err) {
		free_one(d);
		return err;
	}
	*made = d;
	return 0;
}

int emf_described_add(const char *text, size_t size, const struct emf_extension_line *line, struct ebus_service **service,
		      char why[EMF_EXTENSION_WHY_MAX])
{
	struct described *d = all;
	int err;

	while (d && (d->size != size || memcmp(d->text, text, size)))
		d = d->next;
	if (!d) {
		err = read_new(text, size, line, &d, why);
		if (err)
			return err;
		/* One that nobody has any more makes room. */
		emf_described_turn(false);
		if (emf_bus_find(line->name)) {
			snprintf(why, EMF_EXTENSION_WHY_MAX, "it describes the service %s otherwise than another one", line->name);
			free_one(d);
			return -EPROTO;
		}
		d->next = all;
		all = d;
		emf_bus_register(&d->schema->service);
	}
	d->n_users++;
	*service = &d->schema->service;
	return 0;
}

void emf_described_drop(struct ebus_service *service)
{
	find(service)->n_users--;
}

void emf_described_turn(bool is_end)
{
	for (struct described **at = &all; *at;) {
		struct described *d = *at;

		if (!is_end && (d->n_users || emf_bus_is_used(&d->schema->service))) {
			at = &d->next;
			continue;
		}
		*at = d->next;
		emf_bus_forget(&d->schema->service);
		free_one(d);
	}
}

char *emf_described_write(const struct ebus_service *service, size_t *size)
{
	char *text = malloc(EMF_DESCRIPTION_MAX), *kept;
	int len = text ? emf_schema_write(service, text, EMF_DESCRIPTION_MAX) : -ENOMEM;
	size_t idl = service->idl ? strlen(service->idl) + 1 : 1;

	if (len < 0 || (size_t)len + 1 + idl > EMF_DESCRIPTION_MAX) {
		free(text);
		return NULL;
	}
	text[len] = '\0';
	memcpy(text + len + 1, service->idl ? service->idl : "", idl);
	*size = (size_t)len + 1 + idl;
	kept = realloc(text, *size);
	return kept ? kept : text;
}
