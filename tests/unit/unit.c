// SPDX-License-Identifier: BSD-2-Clause
/*
 * unit.c - common to all unit tests.
 */
#include "unit.h"

#include <stdlib.h>

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

int unit_main(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	/* CK_TAP_LOG_FILE_NAME sends TAP to standard output; all else is silent. */
	srunner_run_all(runner, getenv("CK_TAP_LOG_FILE_NAME") ? CK_SILENT : CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
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
		emf->registry.units[i].wanted = true;
	ck_assert_int_eq(emf_loop_init(&emf->loop), 0);
	ck_assert_int_eq(emf_worker_init(&emf->worker, &emf->loop), 0);
}

void unit_product_fini(struct emf *emf)
{
	emf_worker_fini(&emf->worker);
	emf_loop_fini(&emf->loop);
	emf_registry_fini(&emf->registry);
}
