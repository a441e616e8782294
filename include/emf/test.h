/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf/test.h - tests of a module: modules/x.test.c, run by "emf test x".
 *
 * Each test is a process of its own, in a network namespace of its own where only the
 * loopback interface is, with the module loaded and attached. What the module prints it
 * prints as JSON, and the test says what it expects of it.
 */
#ifndef EMF_TEST_H
#define EMF_TEST_H

#include <emf/module.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef EMF_TEST_MODULE
#define EMF_TEST_MODULE "" /* the build says which */
#endif

struct emf_test;

/**
 * struct emf_test_case - a test, as it is registered
 * @module: that it tests
 * @name: a sentence, with '_' for blanks
 * @run: the test
 * @settings: parameters of the module that it wants, "port=7"; NULL ends them
 */
struct emf_test_case {
	const char *module;
	const char *name;
	void (*run)(struct emf_test *t);
	const char *const *settings;
};

/**
 * EMF_TEST() - begin a test
 * @sentence: what the module does, as a name of C: what_it_sends_is_counted
 * @...: parameters of the module, as texts: "port=7", "interval=1s"
 *
 * A function body follows, which has the test as @t.
 *
 * Since: 0.1
 */
#define EMF_TEST(sentence, ...)                                                                            \
	static void sentence(struct emf_test *t);                                                          \
	static const char *const emf_settings_of_##sentence[] = { __VA_ARGS__ __VA_OPT__(,) NULL };        \
	static const struct emf_test_case emf_test_##sentence = { EMF_TEST_MODULE, #sentence, sentence,    \
								  emf_settings_of_##sentence };            \
	static const struct emf_test_case *const emf_test_pointer_##sentence                               \
		__attribute__((used, EMF_RETAIN section("emf_tests"))) = &emf_test_##sentence;             \
	static void sentence(struct emf_test *t)

/* Ends the test as failed if it is not so. */
#define EMF_TEST_REQUIRE(t, condition)                                                     \
	do {                                                                               \
		if (!(condition)) {                                                        \
			emf_test_fail(t, "%s:%d: %s", __FILE__, __LINE__, #condition);     \
			return;                                                            \
		}                                                                          \
	} while (0)

/**
 * emf_test_module() - the module that is tested
 * @t: the test
 *
 * Context: the test.
 * Return: the module, which runs.
 * Since: 0.1
 */
EMF_API struct module *emf_test_module(const struct emf_test *t);

/**
 * emf_test_fail() - the test has failed; it goes on
 * @t: the test
 * @fmt: why, as in printf(3)
 *
 * Context: the test.
 * Since: 0.1
 */
EMF_API void emf_test_fail(struct emf_test *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * emf_test_spawn() - run a program to its end
 * @t: the test
 * @argv: its words, the first of which is a path or is looked for in $PATH; NULL ends them
 *
 * In the namespaces of the test; what it prints goes nowhere. The test fails if it does
 * not end with 0 within 10 seconds.
 *
 * Context: the test.
 * Return: its pid; -1 if there is none.
 * Since: 0.1
 */
EMF_API int emf_test_spawn(struct emf_test *t, const char *const *argv);

/**
 * emf_test_expect() - wait until the module prints something
 * @t: the test
 * @fmt: as in printf(3): a JSON object. What it has, a line that is printed must have
 *	as well; the line may have more: {"event":"started","args":{"pid":%d}}
 *
 * Lines that other expectations met before count, too. The test fails if it takes more
 * than 5 seconds.
 *
 * Context: the test.
 * Since: 0.1
 */
EMF_API void emf_test_expect(struct emf_test *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * emf_test_expect_none() - nothing like it was printed
 * @t: the test
 * @fmt: see emf_test_expect()
 *
 * Of what was sent before: an expectation that is met first shows that all of it came.
 *
 * Context: the test.
 * Since: 0.1
 */
EMF_API void emf_test_expect_none(struct emf_test *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * emf_test_event() - an event as if the kernel part had sent it
 * @t: the test
 * @ring: its map: "event_started" of a described one
 * @record: its bytes
 * @size_bytes: of it
 *
 * It takes the way of all others: handlers, filters, signals, output.
 *
 * Context: the test.
 * Since: 0.1
 */
EMF_API void emf_test_event(struct emf_test *t, const char *ring, const void *record, size_t size_bytes);

/**
 * struct emf_test_run - one run of a program
 * @packet: for programs of packets: what it sees
 * @packet_size: in bytes
 * @context: for others: what its context is; for raw_tp its arguments, as __u64
 * @context_size: in bytes
 * @out: receives the packet as the program left it, or NULL
 * @out_size: room there; receives how many bytes it has
 * @result: receives what the program returned
 */
struct emf_test_run {
	const void *packet;
	uint32_t packet_size;
	const void *context;
	uint32_t context_size;
	void *out;
	uint32_t out_size;
	uint32_t result;
};

/**
 * emf_test_program() - run a program of the module once
 * @t: the test
 * @program: its name
 * @run: see there
 *
 * The kernel runs programs of packets, raw_tp and syscall this way (BPF_PROG_TEST_RUN). The test fails
 * if there is no such program, or the kernel cannot.
 *
 * Context: the test.
 * Return: 0, or a negative errno.
 * Since: 0.1
 */
EMF_API int emf_test_program(struct emf_test *t, const char *program, struct emf_test_run *run);

#ifdef __cplusplus
}
#endif

#endif
