// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * unit.c - common to all unit tests.
 */
#include "bus.h"
#include "unit.h"

#include <ftw.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *const no_modules[] = { NULL };
static const struct emf_setting no_settings[] = { { NULL, NULL, NULL } };

/* In place of the one that emfgen writes. */
const struct emf_product emf_product = {
	.name = "unit",
	.version = "0",
	.doc = "",
	.modules = no_modules,
	.settings = no_settings,
};

static pid_t runner_pid; /* who waits for the processes of the tests */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *place)
{
	(void)st;
	(void)kind;
	(void)place;
	return remove(path);
}

void unit_folder_remove(const char *path)
{
	nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Those of tests that failed, or whose process has ended otherwise. */
static void remove_folders(void)
{
	char pattern[64];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "/tmp/emf-unit-%d-*", runner_pid);
	if (glob(pattern, GLOB_NOSORT, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		unit_folder_remove(found.gl_pathv[i]);
	globfree(&found);
}

int unit_main(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	runner_pid = getpid();
	/* CK_TAP_LOG_FILE_NAME sends TAP to standard output; all else is silent. */
	srunner_run_all(runner, getenv("CK_TAP_LOG_FILE_NAME") ? CK_SILENT : CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	remove_folders();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

void unit_product_init(struct emf *emf, struct module *const *modules)
{
	struct module *const *end = modules;

	*emf = (struct emf){ .product = &emf_product };
	while (*end)
		end++;
	ck_assert_int_eq(emf_registry_init(&emf->registry, emf, modules, end), 0);
	for (size_t i = 0; i < emf->registry.n; i++)
		emf->registry.units[i]->wanted = true;
	ck_assert_int_eq(emf_loop_init(&emf->loop), 0);
	ck_assert_int_eq(emf_worker_init(&emf->worker, &emf->loop), 0);
	emf_bus_set_loop(&emf->loop);
}

void unit_product_fini(struct emf *emf)
{
	emf_worker_fini(&emf->worker);
	emf_loop_fini(&emf->loop);
	emf_registry_fini(&emf->registry);
}

void unit_capture_begin(struct unit_capture *capture, FILE *stream)
{
	capture->stream = stream;
	fflush(stream);
	capture->saved = dup(fileno(stream));
	capture->file = memfd_create("unit", MFD_CLOEXEC);
	ck_assert_int_ge(capture->saved, 0);
	ck_assert_int_ge(capture->file, 0);
	ck_assert_int_ge(dup2(capture->file, fileno(stream)), 0);
}

const char *unit_capture_end(struct unit_capture *capture)
{
	ssize_t n;

	fflush(capture->stream);
	n = pread(capture->file, capture->text, sizeof(capture->text) - 1, 0);
	dup2(capture->saved, fileno(capture->stream));
	close(capture->saved);
	close(capture->file);
	ck_assert_int_ge(n, 0);
	capture->text[n] = '\0';
	return capture->text;
}

void unit_contains(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part), "\"%s\" is not in \"%s\"", part, text);
}

#define NOBODY 65534 /* the kernel's overflowuid */

static bool was_root;

void unit_nobody_begin(void)
{
	was_root = geteuid() == 0;
	if (was_root)
		ck_assert_int_eq(seteuid(NOBODY), 0);
}

void unit_nobody_end(void)
{
	if (was_root)
		ck_assert_int_eq(seteuid(0), 0);
}

char *unit_folder_new(char path[64])
{
	snprintf(path, 64, "/tmp/emf-unit-%d-XXXXXX", runner_pid);
	ck_assert_ptr_nonnull(mkdtemp(path));
	return path;
}
