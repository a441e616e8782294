// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_test.c - "test": runs the tests of a module, each in a process of its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "log.h"
#include "session.h"
#include "test.h"
#include "want.h"

enum { PASSED, FAILED };

struct running {
	const struct emf_test_case *test;
	int report; /* where its reasons go */
};

static void on_started(struct emf *emf, void *arg)
{
	const struct running *running = arg;
	/* Of this process alone, which ends with it. */
	static struct emf_test t;

	t = (struct emf_test){ .emf = emf, .unit = emf_registry_find(&emf->registry, running->test->module), .printed = STDOUT_FILENO };
	if (t.unit->state == EMF_UNIT_RUNNING)
		running->test->run(&t);
	else
		emf_test_fail(&t, "the module did not start: %s", t.unit->why);
	/* As much as a pipe holds. */
	if (write(running->report, t.why, strlen(t.why)) < 0)
		emf->exit_status = EMF_EXIT_FAILED;
}

static int set_all(struct emf_unit *unit, const struct emf_test_case *test)
{
	char why[EMF_PARAM_WHY_MAX], name[64];

	for (const char *const *setting = test->settings; *setting; setting++) {
		const char *equals = strchr(*setting, '=');
		int p;

		snprintf(name, sizeof(name), "%.*s", equals ? (int)(equals - *setting) : 63, *setting);
		p = equals ? emf_param_index(&unit->params, name) : -ENOENT;
		if (p < 0)
			snprintf(why, sizeof(why), "there is no such parameter, or no '='");
		if (p < 0 || emf_param_assign(&unit->params, (size_t)p, equals + 1, EMF_PARAM_COMMAND_LINE, why)) {
			emf_err(unit->m, "%s: %s: %s", test->name, *setting, why);
			return -EINVAL;
		}
	}
	return 0;
}

/* In the process of the test. */
static int run_here(struct emf *emf, const struct emf_test_case *test, int report)
{
	struct running running = { test, report };
	const struct emf_session_options options = { .config = "/dev/null", .log_given = true, .log = EMF_LOG_WARN, .started = on_started,
						     .started_arg = &running };
	struct emf_config config = { 0 };
	int out = memfd_create("emf-test", MFD_CLOEXEC), err;

	if (out < 0 || dup2(out, STDOUT_FILENO) < 0) {
		emf_err(NULL, "the output of a test cannot be kept: %s", strerror(errno));
		return EMF_EXIT_FAILED;
	}
	err = emf_test_leave_network();
	if (err) {
		emf_err(NULL, "a network namespace cannot be made: %s; tests need root", strerror(-err));
		return EMF_EXIT_UNSUPPORTED;
	}
	emf->json = true;
	emf->show.form = EMF_FORM_JSON;
	if (emf_session_configure(emf, &options, &config) || set_all(emf_want(emf, test->module), test))
		return EMF_EXIT_FAILED;
	err = emf_session_run(emf, &options);
	emf_config_fini(&config);
	return err;
}

/* Its name is a sentence, as C can say it. */
static void tell(bool passed, unsigned int number, const struct emf_test_case *test)
{
	printf("%sok %u - ", passed ? "" : "not ", number);
	for (const char *c = test->name; *c; c++)
		putchar(*c == '_' ? ' ' : *c);
	putchar('\n');
}

/* Prints its line, and the reasons of a failure. */
static int run_apart(struct emf *emf, const struct emf_test_case *test, unsigned int number)
{
	char why[EMF_TEST_WHY_MAX] = "", *rest = why, *line;
	int report[2], status = 0;
	ssize_t n;
	pid_t pid;

	fflush(stdout);
	if (pipe(report))
		return FAILED;
	pid = fork();
	if (!pid) {
		close(report[0]);
		_exit(run_here(emf, test, report[1]));
	}
	close(report[1]);
	n = pid < 0 ? 0 : read(report[0], why, sizeof(why) - 1);
	why[n > 0 ? n : 0] = '\0';
	close(report[0]);
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (pid > 0 && !status && !*why) {
		tell(true, number, test);
		return PASSED;
	}
	while ((line = strsep(&rest, "\n")))
		if (*line)
			printf("# %s\n", line);
	if (!*why)
		printf("# %s\n", WIFSIGNALED(status) ? "the process of the test was killed" : "the module did not run");
	tell(false, number, test);
	return FAILED;
}

static bool is_meant(const struct emf_test_case *test, const char *module, const char *name)
{
	return !strcmp(test->module, module) && (!name || strstr(test->name, name));
}

int emf_cmd_test(struct emf *emf, int argc, char **argv)
{
	const struct emf_test_case *const *begin, *const *end;
	const char *module, *name;
	unsigned int n = 0, passed = 0, at = 0;
	int rest, status = emf_command_parse(emf, "test", NULL, 0, argc, argv, &rest);

	if (status >= 0)
		return status;
	if (argc - rest < 1 || argc - rest > 2) {
		emf_err(NULL, "test: which module? '%s list' shows those that there are", emf->product->name);
		return EMF_EXIT_USAGE;
	}
	module = argv[rest];
	name = argc - rest > 1 ? argv[rest + 1] : NULL;
	if (!emf_want(emf, module))
		return EMF_EXIT_USAGE;
	emf_tests_linked(&begin, &end);
	for (const struct emf_test_case *const *test = begin; test < end; test++)
		n += is_meant(*test, module, name);
	if (!n) {
		emf_err(NULL, name ? "module '%s' has no test '%s'" : "module '%s' has no tests: they are written into modules/%s.test.c, see docs/testing.md",
			module, name ? name : module);
		return EMF_EXIT_USAGE;
	}
	printf("1..%u\n", n);
	for (const struct emf_test_case *const *test = begin; test < end; test++)
		if (is_meant(*test, module, name))
			passed += run_apart(emf, *test, ++at) == PASSED;
	printf("%u passed, %u failed, 0 skipped\n", passed, n - passed);
	return passed == n ? EMF_EXIT_OK : EMF_EXIT_FAILED;
}
