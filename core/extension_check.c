// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * extension_check.c - whether what an extension was built with is what is here: the
 * structures of EMF, services, types and chains.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bus.h"
#include "core.h"
#include "extension.h"

#define AGAIN "build it again for this product"

#define OURS(of) { #of, sizeof(struct of) },

static const struct {
	const char *name;
	size_t size;
} structs[] = { EMF_EXTENSION_STRUCTS(OURS) };

static int check_begin(const struct emf_extension_line *line, char *why)
{
	if (line->value == EMF_EXTENSION_ABI)
		return 0;
	snprintf(why, EMF_EXTENSION_WHY_MAX, "it is for ABI %llu of EMF (built with %s), and this product has ABI %d (%s): " AGAIN,
		 (unsigned long long)line->value, line->version, EMF_EXTENSION_ABI, EMF_VERSION);
	return -EPROTO;
}

static int check_struct(const struct emf_extension_line *line, char *why)
{
	for (size_t i = 0; i < sizeof(structs) / sizeof(*structs); i++) {
		if (strcmp(structs[i].name, line->name))
			continue;
		if (structs[i].size == line->value)
			return 0;
		snprintf(why, EMF_EXTENSION_WHY_MAX, "struct %s has %llu bytes there and %zu here: " AGAIN, line->name, (unsigned long long)line->value,
			 structs[i].size);
		return -EPROTO;
	}
	snprintf(why, EMF_EXTENSION_WHY_MAX, "it shares struct %s, which this product does not know: " AGAIN, line->name);
	return -EPROTO;
}

static int check_service(const struct emf_extension_line *line, char *why)
{
	const struct ebus_service *service = emf_bus_find(line->name);

	if (!service || service->hash == line->value)
		return 0;
	snprintf(why, EMF_EXTENSION_WHY_MAX, "service %s is version %s there (schema %016llx) and %s here (%016llx): " AGAIN, line->name, line->version,
		 (unsigned long long)line->value, service->version, (unsigned long long)service->hash);
	return -EPROTO;
}

static int check_known(const struct emf_product *product, const struct emf_extension_line *line, bool is_chain, char *why)
{
	for (const struct emf_known *k = product->known; k && k->name; k++) {
		if (k->is_chain != is_chain || strcmp(k->name, line->name) || k->hash == line->value)
			continue;
		snprintf(why, EMF_EXTENSION_WHY_MAX, "%s %s is another one there (schema %016llx) than here (%016llx): " AGAIN, is_chain ? "chain" : "type",
			 line->name, (unsigned long long)line->value, (unsigned long long)k->hash);
		return -EPROTO;
	}
	return 0;
}

/* Each of ours: a table that lacks one says nothing of it. */
static int check_complete(const struct emf_extension_lines *lines, char *why)
{
	for (size_t i = 0; i < sizeof(structs) / sizeof(*structs); i++) {
		size_t l = 0;

		while (l < lines->n && (lines->lines[l].kind != EMF_EXTENSION_STRUCT || strcmp(lines->lines[l].name, structs[i].name)))
			l++;
		if (l < lines->n)
			continue;
		snprintf(why, EMF_EXTENSION_WHY_MAX, "it does not say how large struct %s is there: " AGAIN, structs[i].name);
		return -EPROTO;
	}
	return 0;
}

int emf_extension_check(const struct emf_product *product, const struct emf_extension_lines *lines,
			char why[EMF_EXTENSION_WHY_MAX])
{
	int err = check_begin(lines->lines, why); /* which comes first, so that it is what is told */

	if (!err)
		err = check_complete(lines, why);
	for (size_t i = 1; i < lines->n && !err; i++) {
		const struct emf_extension_line *line = &lines->lines[i];

		switch (line->kind) {
		case EMF_EXTENSION_STRUCT:
			err = check_struct(line, why);
			break;
		case EMF_EXTENSION_SERVICE:
			err = check_service(line, why);
			break;
		case EMF_EXTENSION_TYPE:
		case EMF_EXTENSION_CHAIN:
			err = check_known(product, line, line->kind == EMF_EXTENSION_CHAIN, why);
			break;
		}
	}
	return err;
}
