// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_pack.c - "pack": modules of this product as one file that another one can load.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "eunomia.h"
#include "eunomia_write.h"
#include "kernel_enum.h"
#include "pack_btf.h"
#include "package_join.h"
#include "package_load.h"
#include "package_unite.h"
#include "param.h"
#include "want.h"

/* What is written. */
struct packing {
	const char *output; /* or NULL */
	bool is_eunomia, joins;
	struct emf_kernel_btfs btfs;
};

static json_t *hash_of(const struct emf_pack *pack)
{
	unsigned char hash[EMF_SHA256_BYTES];
	char text[2 * EMF_SHA256_BYTES + 1];

	emf_sha256(pack->start, (size_t)(pack->end - pack->start), hash);
	for (size_t i = 0; i < sizeof(hash); i++)
		snprintf(text + 2 * i, 3, "%02x", hash[i]);
	return json_string(text);
}

static json_t *kernels_of(const struct emf_kernel_btfs *btfs)
{
	json_t *all = json_array();

	for (size_t i = 0; i < btfs->n; i++)
		json_array_append_new(all, json_string(btfs->all[i].of.release));
	return all;
}

/* What people and programs want to know before they load it; no date, so that the same modules are the same bytes. */
static char *make_manifest(const struct emf *emf, const struct module *const *modules, size_t n, const struct emf_kernel_btfs *btfs)
{
	json_t *all = json_array(), *top;
	char *text;

	for (size_t i = 0; i < n; i++)
		json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:s, s:o}", "name", modules[i]->name, "version",
						     modules[i]->version ? modules[i]->version : "", "doc", modules[i]->doc ? modules[i]->doc : "",
						     "source", modules[i]->object->source, "kernel_part_sha256", hash_of(modules[i]->object->pack)));
	top = json_pack("{s:i, s:s, s:s, s:s, s:s, s:o}", "format", EMF_PACKAGE_VERSION, "product", emf->product->name, "product_version",
			emf->product->version, "emf", EMF_VERSION, "machine", emf_package_machine_name(emf_package_machine()), "modules", all);
	if (top && btfs->n)
		json_object_set_new(top, "kernels", kernels_of(btfs));
	text = top ? json_dumps(top, JSON_INDENT(2)) : NULL;
	json_decref(top);
	return text;
}

static int make(const struct emf *emf, const struct packing *p, const struct module *const *modules, size_t n, struct emf_bytes *out,
		char why[EMF_PACKAGE_WHY_MAX])
{
	struct emf_package_parts parts;
	int err = emf_package_write(modules, n, &parts, why);
	char *manifest;

	if (!err)
		err = emf_kernel_btfs_pack(&p->btfs, modules, n, &parts, why);
	if (err) {
		emf_package_parts_free(&parts);
		return err;
	}
	manifest = make_manifest(emf, modules, n, &p->btfs);
	err = manifest ? emf_package_join(manifest, &parts, out) : -ENOMEM;
	if (err)
		snprintf(why, EMF_PACKAGE_WHY_MAX, "out of memory");
	free(manifest);
	emf_package_parts_free(&parts);
	return err;
}

static int find_modules(struct emf *emf, char **words, int n, const struct module **modules)
{
	for (int i = 0; i < n; i++) {
		struct emf_unit *unit = NULL;
		size_t n_of = emf_package_is_path(words[i]) ? emf_want_package(emf, words[i], &unit) : 1;

		if (n_of != 1) {
			if (n_of)
				emf_err(NULL, "pack: %s has %zu modules, and only one can be packed again", words[i], n_of);
			return EMF_EXIT_FAILED;
		}
		unit = unit ? unit : emf_want(emf, words[i]);
		if (!unit)
			return EMF_EXIT_USAGE;
		for (int j = 0; j < i; j++)
			if (modules[j] == unit->m) {
				emf_err(NULL, "pack: module %s is named twice", words[i]);
				return EMF_EXIT_USAGE;
			}
		modules[i] = unit->m;
		emf_kernel_enums_forget(unit->m);
		emf_param_set_defaults(unit->m);
	}
	return EMF_EXIT_OK;
}

static int set_format(const struct emf_option *option, const char *arg)
{
	struct packing *p = option->context;

	p->is_eunomia = !strcmp(arg, "eunomia");
	if (p->is_eunomia || !strcmp(arg, "emf"))
		return 0;
	emf_err(NULL, "--%s: '%s' is no format: there are emf and eunomia", option->name, arg);
	return -EINVAL;
}

static int add_btf(const struct emf_option *option, const char *arg)
{
	struct packing *p = option->context;
	char why[EMF_PACKAGE_WHY_MAX];
	int err = emf_kernel_btfs_add(&p->btfs, arg, why);

	if (err)
		emf_err(NULL, "--%s: %s", option->name, why);
	return err;
}

static int store(const struct emf_bytes *bytes, const struct packing *p, const char *module)
{
	char path[128];
	int err;

	snprintf(path, sizeof(path), "%s%s", module, p->is_eunomia ? EMF_EUNOMIA_SUFFIX : EMF_PACKAGE_SUFFIX);
	err = emf_bytes_store(bytes, p->output ? p->output : path);
	if (err)
		emf_err(NULL, "pack: %s cannot be written: %s", p->output ? p->output : path, strerror(-err));
	return err;
}

/* All in one file. */
static int pack_emf(const struct emf *emf, const struct packing *p, const struct module *const *modules, size_t n)
{
	char why[EMF_PACKAGE_WHY_MAX];
	struct emf_bytes out = { 0 };
	int err = make(emf, p, modules, n, &out, why);

	if (err)
		emf_err(NULL, "pack: %s", why);
	else
		err = store(&out, p, modules[0]->name);
	emf_bytes_free(&out);
	return err;
}

/* One kernel part is in each: a file for every module. */
static int pack_eunomia(const struct packing *p, const struct module *const *modules, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		char why[EMF_PACKAGE_WHY_MAX], *text = emf_eunomia_write(modules[i], why);
		struct emf_bytes out = { .data = (unsigned char *)text, .size = text ? strlen(text) : 0 };

		if (!text)
			emf_err(NULL, "pack: %s", why);
		err = text ? store(&out, p, modules[i]->name) : -ENOTSUP;
		free(text);
	}
	return err;
}

/* Those that were made on machines of other kinds. */
static int join_files(const struct packing *p, char **paths, size_t n)
{
	char why[EMF_PACKAGE_WHY_MAX];
	struct emf_bytes out = { 0 };
	int err;

	if (n < 2 || n > EMF_PACKAGE_MACHINES_MAX || !p->output || p->is_eunomia || p->btfs.n) {
		emf_err(NULL, "pack --join needs 2 to %d packages and --output, and nothing else", EMF_PACKAGE_MACHINES_MAX);
		return EMF_EXIT_USAGE;
	}
	err = emf_package_unite(paths, n, &out, why);
	if (err)
		emf_err(NULL, "pack: %s", why);
	else
		err = store(&out, p, "");
	emf_bytes_free(&out);
	return err ? EMF_EXIT_FAILED : EMF_EXIT_OK;
}

static int pack(struct emf *emf, const struct packing *p, char **words, size_t n)
{
	const struct module *modules[EMF_PACKAGE_MODULES_MAX];
	int status;

	if (p->joins)
		return join_files(p, words, n);
	if (!n || n > EMF_PACKAGE_MODULES_MAX) {
		emf_err(NULL, "pack needs the names of 1 to %d modules; 'list' lists them", EMF_PACKAGE_MODULES_MAX);
		return EMF_EXIT_USAGE;
	}
	if (p->is_eunomia && p->output && n > 1) {
		emf_err(NULL, "pack: --output is one file, and --format eunomia writes one for each of %zu modules", n);
		return EMF_EXIT_USAGE;
	}
	if (p->is_eunomia && p->btfs.n) {
		emf_err(NULL, "pack: --format eunomia has no place for BTF of kernels");
		return EMF_EXIT_USAGE;
	}
	status = find_modules(emf, words, (int)n, modules);
	if (status)
		return status;
	return (p->is_eunomia ? pack_eunomia(p, modules, n) : pack_emf(emf, p, modules, n)) ? EMF_EXIT_FAILED : EMF_EXIT_OK;
}

int emf_cmd_pack(struct emf *emf, int argc, char **argv)
{
	struct packing p = { 0 };
	const struct emf_option options[] = {
		{ "output", 'o', "FILE", false, "write this file; the default is the name of the first module with .emfpkg, \"-\" the standard output",
		  emf_option_set_string, &p.output },
		{ "format", 0, "emf|eunomia", false, "eunomia: JSON of eunomia-bpf, a file NAME.json for each module", set_format, &p },
		{ "btf", 0, "FILE|DIR", false, "BTF of kernels that the package is to run on though their machines have none, named as uname -r; may be repeated", add_btf, &p },
		{ "join", 0, NULL, false, "make one file of packages of the same modules for several kinds of machines", emf_option_set_true, &p.joins },
	};
	int rest, status = emf_command_parse(emf, "pack", options, sizeof(options) / sizeof(*options), argc, argv, &rest);

	if (status < 0)
		status = pack(emf, &p, argv + rest, (size_t)(argc - rest));
	emf_kernel_btfs_fini(&p.btfs);
	return status;
}
