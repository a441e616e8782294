// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * doctor_print.c - the document as text: what is fine takes a line, what is not
 * has its reason beside it, and the verdicts on the modules come last, where a
 * terminal leaves the eye.
 */
#include <string.h>

#include "btf_folder.h"
#include "doctor.h"
#include "pin_folder.h"

#define COLUMNS 100    /* where lists of names are wrapped */
#define LABEL 14       /* width of the first column */
#define FEW 8	       /* names that are listed even if all are alike */
#define NAMES_MAX 1024 /* in one list */

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static bool is(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static void line(FILE *out, const char *label, const char *text)
{
	fprintf(out, "  %-*s  %s\n", LABEL, label, text);
}

/* A path, or that it is not there and how to change that. */
static void mount_line(FILE *out, const json_t *system, const char *key, const char *without)
{
	const char *path = text_of(system, key);

	line(out, key, *path ? path : without);
}

static void btf_line(FILE *out, const json_t *btf)
{
	double mib = (double)json_integer_value(json_object_get(btf, "bytes")) / (1 << 20);
	const json_t *product = json_object_get(btf, "product");

	if (is(btf, "readable")) {
		fprintf(out, "  %-*s  %s, %.1f MiB\n", LABEL, "BTF", text_of(btf, "path"), mib);
	} else if (is(product, "has_it") && !is(btf, "elsewhere")) {
		fprintf(out, "  %-*s  from the product: %s\n", LABEL, "BTF", text_of(product, "kernel"));
	} else {
		fprintf(out, "  %-*s  missing: %s: %s%s\n", LABEL, "BTF", text_of(btf, "path"), text_of(btf, "why"),
			is(btf, "elsewhere") ? " (a vmlinux elsewhere serves instead)" :
					       "; run a kernel with CONFIG_DEBUG_INFO_BTF=y, with /sys mounted, or bring it: --with-btfhub of configure, pack --btf");
		if (*text_of(product, "why"))
			line(out, "", text_of(product, "why"));
	}
}

/* A switch in words; values beyond the words are shown as they are. */
static void switch_line(FILE *out, const char *label, const json_t *value, const char *const *words, json_int_t n)
{
	json_int_t i = json_integer_value(value);

	if (!json_is_integer(value))
		line(out, label, "not readable by this user, or this kernel has none");
	else if (i >= 0 && i < n)
		line(out, label, words[i]);
	else
		fprintf(out, "  %-*s  %" JSON_INTEGER_FORMAT "\n", LABEL, label, i);
}

static void limit(FILE *out, const json_t *value)
{
	if (json_is_integer(value))
		fprintf(out, "%" JSON_INTEGER_FORMAT " KiB", json_integer_value(value) / 1024);
	else
		fprintf(out, "none");
}

static void memlock_line(FILE *out, const json_t *memlock)
{
	fprintf(out, "  %-*s  soft ", LABEL, "memlock limit");
	limit(out, json_object_get(memlock, "soft"));
	fprintf(out, ", hard ");
	limit(out, json_object_get(memlock, "hard"));
	fprintf(out, "%s\n", is(memlock, "charged_to_cgroup") ? " (does not matter: this kernel charges eBPF memory to the cgroup)" :
								 " (before 5.11 it bounds all maps: raise it for large ones)");
}

static void caps_line(FILE *out, const json_t *system)
{
	const char *name;
	json_t *has;
	bool any = false;

	fprintf(out, "  %-*s ", LABEL, "capabilities");
	json_object_foreach(json_object_get(system, "capabilities"), name, has) {
		if (json_is_true(has))
			fprintf(out, " %s", name);
		any |= json_is_true(has);
	}
	fprintf(out, "%s%s\n", any ? "" : " none of those that eBPF needs",
		is(system, "user_namespace") ? " (in a user namespace, where eBPF does not honour them)" : "");
}

static void processors_line(FILE *out, const json_t *processors)
{
	json_int_t online = json_integer_value(json_object_get(processors, "online"));
	json_int_t possible = json_integer_value(json_object_get(processors, "possible"));

	if (!online) {
		line(out, "processors", "not readable");
		return;
	}
	fprintf(out, "  %-*s  %" JSON_INTEGER_FORMAT, LABEL, "processors", online);
	if (possible > online)
		fprintf(out, " online; %" JSON_INTEGER_FORMAT " are possible, and a map with values of each has so many", possible);
	fputc('\n', out);
}

static void print_system(FILE *out, const json_t *system)
{
	static const char *const jit[] = { "off: programs are interpreted, and slow; as root: sysctl net.core.bpf_jit_enable=1",
					   "on", "on, with debugging output: not for production" };
	static const char *const unprivileged[] = { "allowed for some programs (kernel.unprivileged_bpf_disabled=0)",
						    "refused until reboot", "refused" };
	static const char *const stats[] = { "off; run times are not counted (sysctl kernel.bpf_stats_enabled=1 does, at a small cost)",
					     "on" };

	fprintf(out, "\nSystem\n");
	processors_line(out, json_object_get(system, "processors"));
	btf_line(out, json_object_get(system, "btf"));
	switch_line(out, "JIT", json_object_get(system, "jit"), jit, 3);
	line(out, "lockdown", *text_of(system, "lockdown") ? text_of(system, "lockdown") : "not available");
	line(out, "active LSMs", *text_of(system, "lsm") ? text_of(system, "lsm") : "not readable (securityfs)");
	caps_line(out, system);
	switch_line(out, "without caps", json_object_get(system, "unprivileged_bpf_disabled"), unprivileged, 3);
	memlock_line(out, json_object_get(system, "memlock"));
	mount_line(out, system, "tracefs", "not mounted; as root: mount -t tracefs tracefs /sys/kernel/tracing");
	mount_line(out, system, "bpffs", "not mounted; as root: " EMF_BPFFS_MOUNT);
	mount_line(out, system, "cgroup2", "not mounted; programs that attach to a cgroup have no place to");
	switch_line(out, "statistics", json_object_get(system, "bpf_stats"), stats, 2);
}

/* What a start saves, where it is, and how to be rid of it. */
static void print_btf_cache(FILE *out, const json_t *cache)
{
	const char *state = text_of(cache, "state"), *folder = text_of(cache, "folder");
	json_int_t n = json_integer_value(json_object_get(cache, "entries"));
	double kib = (double)json_integer_value(json_object_get(cache, "bytes")) / 1024;
	const char *told = !strcmp(state, "off")	 ? "off: each start reads the kernel's BTF" :
			   !strcmp(state, "fresh")	 ? "has what this product needs on this kernel" :
			   !strcmp(state, "none")	 ? "has nothing yet; the next start that needs the kernel's BTF makes it" :
			   !strcmp(state, "corrupt")	 ? "is damaged; the next start makes it again" :
			   !strcmp(state, "not ours")	 ? "has a file that is not this user's alone, and is not used: remove it" :
							   "cannot be used: not a folder that this user can read, and others cannot write to";

	fprintf(out, "  %-*s  %s%s%s\n", LABEL, "BTF cache", folder, *folder ? " " : "", told);
	if (n)
		fprintf(out, "  %-*s    %" JSON_INTEGER_FORMAT " of at most %d entries, %.1f KiB; to be rid of them: rm -r %s\n", LABEL, "", n,
			EMF_BTF_FILES_MAX, kib, folder);
}

/* What becomes of chains of tc when their product is killed. */
static void print_killed(FILE *out, const json_t *programs)
{
	const json_t *one;
	size_t i;

	json_array_foreach(programs, i, one)
		if (!strcmp(text_of(one, "kind"), "tcx"))
			line(out, "when killed", !strcmp(text_of(one, "supported"), "yes") ?
				     "nothing stays attached: chains of tc hang by tcx links" :
				     "a guardian removes the clsact filters of chains of tc: this kernel has no tcx, or it is not known");
}

static bool same(const json_t *a, const json_t *b)
{
	return !strcmp(text_of(a, "supported"), text_of(b, "supported")) &&
	       !strcmp(text_of(a, "why"), text_of(b, "why"));
}

/* A long list that says one thing is one line; -j has the names. */
static bool all_alike(const json_t *all)
{
	size_t i;
	json_t *one;

	json_array_foreach(all, i, one)
		if (!same(json_array_get(all, 0), one))
			return false;
	return json_array_size(all) > FEW;
}

static void print_reason(FILE *out, const json_t *one)
{
	if (*text_of(one, "why"))
		fprintf(out, "  %-*s    %s%s%s\n", LABEL, "", text_of(one, "why"), *text_of(one, "remedy") ? "; " : "",
			text_of(one, "remedy"));
}

/* All entries that say the same as the first of them, wrapped. */
static void print_alike(FILE *out, const json_t *all, size_t first, const char *key, bool *told)
{
	const json_t *one = json_array_get(all, first);
	size_t at = 0;

	for (size_t i = first; i < json_array_size(all) && i < NAMES_MAX; i++) {
		const json_t *other = json_array_get(all, i);
		const char *name = text_of(other, key);

		if (told[i] || !same(one, other))
			continue;
		told[i] = true;
		if (!at || at + strlen(name) + 1 > COLUMNS)
			at = (size_t)fprintf(out, "%s  %-*s ", at ? "\n" : "", LABEL, at ? "" : text_of(one, "supported")) - !!at;
		at += (size_t)fprintf(out, " %s", name);
	}
	fprintf(out, "\n");
	print_reason(out, one);
}

static void print_group(FILE *out, const char *title, const json_t *all, const char *key)
{
	static const char *const order[] = { "yes", "no", "not permitted", "unknown" };
	bool told[NAMES_MAX] = { false };

	if (!json_array_size(all))
		return;
	fprintf(out, "\n%s\n", title);
	if (all_alike(all)) {
		fprintf(out, "  %-*s  all %zu that EMF knows (-j names them)\n", LABEL,
			text_of(json_array_get(all, 0), "supported"), json_array_size(all));
		print_reason(out, json_array_get(all, 0));
		return;
	}
	for (size_t o = 0; o < sizeof(order) / sizeof(*order); o++)
		for (size_t i = 0; i < json_array_size(all) && i < NAMES_MAX; i++)
			if (!told[i] && !strcmp(text_of(json_array_get(all, i), "supported"), order[o]))
				print_alike(out, all, i, key, told);
}

static void print_programs(FILE *out, const json_t *programs)
{
	for (int group = EMF_KIND_TRACING; group <= EMF_KIND_CGROUP; group++) {
		const char *name = emf_kind_group_name((enum emf_kind_group)group);
		json_t *some = json_array(), *one;
		char title[64];
		size_t i;

		json_array_foreach(programs, i, one)
			if (!strcmp(text_of(one, "group"), name))
				json_array_append(some, one);
		snprintf(title, sizeof(title), "Programs: %s", name);
		print_group(out, title, some, "kind");
		json_decref(some);
	}
}

static void print_names(FILE *out, const char *what, const json_t *names)
{
	size_t i;
	json_t *name;

	if (!json_array_size(names))
		return;
	fprintf(out, "  %-*s    %s", LABEL, "", what);
	json_array_foreach(names, i, name)
		fprintf(out, "%s %s", i ? "," : "", json_string_value(name) ? json_string_value(name) : "");
	fprintf(out, "\n");
}

static void print_module(FILE *out, const json_t *module)
{
	const json_t *load = json_object_get(module, "load"), *program;
	size_t i;

	if (is(module, "can_run") && is(load, "tried"))
		fprintf(out, "  %-*s  can run (tried: loaded in %.1f ms)\n", LABEL, text_of(module, "name"),
			json_number_value(json_object_get(load, "ms")));
	else if (is(module, "can_run"))
		line(out, text_of(module, "name"), "can run");
	if (is(module, "can_run")) {
		print_names(out, "methods answer ENOTSUP (before Linux 5.14), those served by bpf:", json_object_get(module, "lacking_served"));
		return;
	}
	fprintf(out, "  %-*s  cannot run: %s\n", LABEL, text_of(module, "name"), text_of(module, "reason"));
	if (*text_of(module, "remedy"))
		fprintf(out, "  %-*s    remedy: %s\n", LABEL, "", text_of(module, "remedy"));
	/* Those that add something to the reason. */
	json_array_foreach(json_object_get(module, "programs"), i, program)
		if (is(program, "used") && strcmp(text_of(program, "supported"), "yes") &&
		    !strstr(text_of(module, "reason"), text_of(program, "why")))
			fprintf(out, "  %-*s    %s (%s): %s: %s\n", LABEL, "", text_of(program, "name"),
				text_of(program, "section"), text_of(program, "supported"), text_of(program, "why"));
	print_names(out, "helpers that this kernel lacks:", json_object_get(module, "lacking_helpers"));
	print_names(out, "map types that this kernel lacks:", json_object_get(module, "lacking_maps"));
	if (*text_of(load, "why") && strcmp(text_of(load, "why"), text_of(module, "reason")))
		fprintf(out, "  %-*s    tried: %s\n", LABEL, "", text_of(load, "why"));
}

void emf_doctor_print(const json_t *doctor, FILE *out)
{
	const json_t *system = json_object_get(doctor, "system"), *module;
	size_t i;

	fprintf(out, "%s %s (EMF %s, libbpf %s) on Linux %s, %s\n", text_of(doctor, "product"), text_of(doctor, "version"),
		text_of(doctor, "emf"), text_of(doctor, "libbpf"), text_of(system, "kernel"), text_of(system, "arch"));
	print_system(out, system);
	print_btf_cache(out, json_object_get(doctor, "btf_cache"));
	print_killed(out, json_object_get(doctor, "programs"));
	print_programs(out, json_object_get(doctor, "programs"));
	print_group(out, "Maps", json_object_get(doctor, "maps"), "type");
	print_group(out, "Helpers", json_object_get(doctor, "helpers"), "name");
	fprintf(out, "\nModules\n");
	json_array_foreach(json_object_get(doctor, "modules"), i, module)
		print_module(out, module);
	if (!json_array_size(json_object_get(doctor, "modules")))
		fprintf(out, "  (none were built in)\n");
}
