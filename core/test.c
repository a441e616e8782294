// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test.c - what a test of a module can do.
 */
#include "test.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <emf/event.h>

#include "event.h"
#include "life.h"
#include "output.h"

#define PATIENCE_NS UINT64_C(5000000000)
#define SPAWN_PATIENCE_NS UINT64_C(10000000000)
#define TURN_MS 20
#define EXPECTED_MAX 4096
#define PRINTED_MAX (16 << 20) /* bytes that a test may have printed */

extern const struct emf_test_case *const __start_emf_tests[] __attribute__((weak, visibility("hidden")));
extern const struct emf_test_case *const __stop_emf_tests[] __attribute__((weak, visibility("hidden")));
extern char **environ;

void emf_tests_linked(const struct emf_test_case *const **begin, const struct emf_test_case *const **end)
{
	*begin = __start_emf_tests;
	*end = __stop_emf_tests;
}

int emf_test_leave_network(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd, err = 0;

	if (unshare(CLONE_NEWNET))
		return -errno;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo))
		err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

struct module *emf_test_module(const struct emf_test *t)
{
	return t->unit->m;
}

void emf_test_fail(struct emf_test *t, const char *fmt, ...)
{
	size_t at = strlen(t->why);
	va_list args;

	if (at + 2 >= sizeof(t->why))
		return;
	va_start(args, fmt);
	vsnprintf(t->why + at, sizeof(t->why) - at - 1, fmt, args);
	va_end(args);
	strcat(t->why, "\n");
}

/* What runs in a product runs here. */
static void turn(struct emf_test *t)
{
	emf_life_turn(t->emf);
	emf_loop_turn(&t->emf->loop, TURN_MS);
	emf_output_flush();
}

int emf_test_spawn(struct emf_test *t, const char *const *argv)
{
	uint64_t end = emf_now_ns() + SPAWN_PATIENCE_NS;
	posix_spawn_file_actions_t actions;
	int status = 0, err;
	pid_t pid = -1;

	posix_spawn_file_actions_init(&actions);
	for (int fd = 0; fd <= 2; fd++)
		posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
	err = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (err) {
		emf_test_fail(t, "'%s' cannot be run: %s", argv[0], strerror(err));
		return -1;
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (emf_now_ns() > end) {
			emf_test_fail(t, "'%s' did not end within 10 seconds", argv[0]);
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return pid;
		}
		turn(t);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		emf_test_fail(t, "'%s' ended with status %#x", argv[0], (unsigned int)status);
	return pid;
}

/* --- what was printed */

/* All of it, with a NUL; to be freed. NULL without memory. */
static char *printed(const struct emf_test *t)
{
	struct stat st;
	ssize_t n;
	char *text;

	if (fstat(t->printed, &st) || st.st_size > PRINTED_MAX)
		return NULL;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return NULL;
	n = pread(t->printed, text, (size_t)st.st_size, 0);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* Whether all that @part has is in @whole as well. */
static bool is_in(json_t *part, json_t *whole)
{
	const char *key;
	json_t *value;

	if (!json_is_object(part))
		return json_equal(part, whole);
	json_object_foreach(part, key, value)
		if (!is_in(value, json_object_get(whole, key)))
			return false;
	return json_is_object(whole);
}

static bool is_printed(const struct emf_test *t, json_t *expected)
{
	char *text = printed(t), *rest = text, *line;
	bool found = false;

	while (!found && rest && (line = strsep(&rest, "\n"))) {
		json_t *json = *line ? json_loads(line, JSON_ALLOW_NUL, NULL) : NULL;

		found = json && is_in(expected, json);
		json_decref(json);
	}
	free(text);
	return found;
}

/* The last lines, for who wonders. */
static void tell_printed(struct emf_test *t)
{
	char *text = printed(t), *from = text ? text + strlen(text) : NULL;

	for (int lines = 0; text && from > text && lines < 6; from--)
		lines += from[-1] == '\n';
	emf_test_fail(t, "what was printed last:\n%s", text && *text ? from + (*from == '\n') : "(nothing)");
	free(text);
}

static json_t *__attribute__((format(printf, 2, 0))) parse(struct emf_test *t, const char *fmt, va_list args, char text[EXPECTED_MAX])
{
	json_error_t error;
	json_t *json;

	vsnprintf(text, EXPECTED_MAX, fmt, args);
	json = json_loads(text, JSON_ALLOW_NUL, &error);
	if (!json)
		emf_test_fail(t, "what is expected is no JSON: %s: %s", error.text, text);
	return json;
}

void emf_test_expect(struct emf_test *t, const char *fmt, ...)
{
	uint64_t end = emf_now_ns() + PATIENCE_NS;
	char text[EXPECTED_MAX];
	json_t *expected;
	va_list args;
	bool found;

	va_start(args, fmt);
	expected = parse(t, fmt, args, text);
	va_end(args);
	if (!expected)
		return;
	while (!(found = is_printed(t, expected)) && emf_now_ns() < end)
		turn(t);
	json_decref(expected);
	if (found)
		return;
	emf_test_fail(t, "nothing like this was printed: %s", text);
	tell_printed(t);
}

void emf_test_expect_none(struct emf_test *t, const char *fmt, ...)
{
	char text[EXPECTED_MAX];
	json_t *unexpected;
	va_list args;

	va_start(args, fmt);
	unexpected = parse(t, fmt, args, text);
	va_end(args);
	if (!unexpected)
		return;
	turn(t);
	if (is_printed(t, unexpected))
		emf_test_fail(t, "this was printed: %s", text);
	json_decref(unexpected);
}

/* --- what the module gets */

void emf_test_event(struct emf_test *t, const char *ring, const void *record, size_t size_bytes)
{
	for (const struct emf_event_source *e = t->unit->m->events; e && e->ring; e++) {
		if (!(e->record || e->types) || strcmp(e->ring, ring) != 0)
			continue;
		if (e->types)
			emf_event_deliver(t->unit->m, e, record, size_bytes);
		else
			e->record(t->unit->m, record, size_bytes);
		emf_output_flush();
		return;
	}
	emf_test_fail(t, "the module has no event of a map '%s'; that of a described event NAME is event_NAME", ring);
}

int emf_test_program(struct emf_test *t, const char *program, struct emf_test_run *run)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = run->packet, .data_size_in = run->packet_size, .ctx_in = run->context,
		    .ctx_size_in = run->context_size, .data_out = run->out, .data_size_out = run->out ? run->out_size : 0);
	struct bpf_program *p = t->unit->object.head ? bpf_object__find_program_by_name(t->unit->object.head->obj, program) : NULL;
	int err;

	if (!p || bpf_program__fd(p) < 0) {
		emf_test_fail(t, p ? "program '%s' was not loaded" : "the module has no program '%s'", program);
		return -ENOENT;
	}
	err = bpf_prog_test_run_opts(bpf_program__fd(p), &opts);
	if (err) {
		emf_test_fail(t, "program '%s' cannot be run: %s; the kernel runs those of packets, raw_tp and syscall", program, strerror(-err));
		return err;
	}
	run->result = opts.retval;
	run->out_size = opts.data_size_out;
	return 0;
}
