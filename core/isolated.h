/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * isolated.h - extensions that run in processes of their own.
 *
 * The product reads the table of the file, starts a process that loads this one file and
 * no module else, and speaks with it over a socketpair as with any other process on the
 * bus. What may cross is what the table says, and never what the process says: services
 * that it provides, services that it uses, capabilities that it needs. The process
 * describes its services (a schema that nobody trusts), and the product offers them to
 * its modules and clients as its own. A unit of the registry stands for it; there is no
 * code of the file in the product.
 *
 *	isolated.c		which there are; a file is taken in, and let go
 *	isolated_find.c		which are asked for
 *	isolated_life.c		started, ended, started again
 *	isolated_peer.c		what the process says and asks
 *	isolated_process.c	the process itself
 *	isolated_table.c	what its file declares
 *	isolated_service.c	services that are known by their description alone
 *	isolated_child.c	the other side: the process, from its first line on
 *	isolated_rights.c	what it gives up before it loads the file
 */
#ifndef EMF_CORE_ISOLATED_H
#define EMF_CORE_ISOLATED_H

#include "bus_peer.h"
#include "core.h"
#include "extension_file.h"
#include "isolated_table.h"

#define EMF_ISOLATED_MAX 16	   /* processes of a product */
#define EMF_ISOLATED_WORDS_MAX 64  /* parameters that one is started with */
#define EMF_ISOLATED_WHY_MAX EMF_EXTENSION_WHY_MAX

/* From its first line until its modules run: the verifier takes seconds for large programs, and a hang takes longer. */
#define EMF_ISOLATED_START_MS 10000
/* From the hang-up until it is killed: closing links of perf events takes 140 ms each. */
#define EMF_ISOLATED_END_MS 3000
/* Before it starts again, doubled each time: a crash that comes from a moment is over by then, and a loop of them costs nothing. */
#define EMF_ISOLATED_AGAIN_MS 1000
#define EMF_ISOLATED_AGAIN_MAX_MS 30000
/* Starts in a row that end before it was well: after that many (31 s of waiting) somebody has to look. */
#define EMF_ISOLATED_TRIES 5
#define EMF_ISOLATED_WELL_MS 60000

enum emf_isolated_state {
	EMF_ISOLATED_STOPPED,
	EMF_ISOLATED_STARTING,
	EMF_ISOLATED_RUNNING,
	EMF_ISOLATED_WAITING,  /* to start again */
	EMF_ISOLATED_ENDING,   /* it was hung up on */
	EMF_ISOLATED_GIVEN_UP,
};

/**
 * struct emf_isolated - one of them
 * @next: of all of the product
 * @emf: the product
 * @module: what stands for it in the registry
 * @unit: of that
 * @path: as it was named
 * @fd: of the file, which was checked: every start is of this one
 * @table: what the file declares
 * @words: "PARAMETER=VALUE" of who asked for it
 * @n_words: how many
 * @given: what it was started with: a start after a crash is the same again
 * @n_given: how many
 * @slot: a number that no other one has at the same time
 * @uid: that it runs as; 0 for that of the product
 * @state: see there
 * @is_again: it ran before, and starts because it has ended
 * @is_going: it is not known any more once it has ended
 * @is_loading: it is asked for by a load: if it cannot start, nothing is left of it
 * @pid: 0 for none
 * @peer: its connection, while @is_connected
 * @is_connected: see there
 * @is_done: it ends because its work is done
 * @end_err: why it ends, if it says so
 * @says_runs: its modules run; its services may not be bound to yet
 * @socket: of @peer
 * @timer: until it has started, has ended, or starts again; what it was for is @state
 * @tries: starts in a row that have ended too early
 * @restarts: all of them
 * @running_since_ns: when it was well last
 * @again_ns: when it starts again
 * @last_end: how the process before ended; empty for none
 * @why: of its end, if it or the product said why
 * @settled: whom a load or an unload answers
 * @asker: likewise
 * @described: services that are known by its description
 * @n_described: how many
 */
struct emf_isolated {
	struct emf_isolated *next;
	struct emf *emf;
	struct module module;
	struct emf_unit *unit;
	char *path;
	int fd;
	struct emf_isolated_table table;
	char *words[EMF_ISOLATED_WORDS_MAX];
	size_t n_words;
	char *given[EMF_ISOLATED_WORDS_MAX];
	size_t n_given;
	unsigned int slot;
	uid_t uid;
	enum emf_isolated_state state;
	bool is_again, is_going, is_loading;
	pid_t pid;
	struct ebus_peer peer;
	bool is_connected, says_runs, is_done;
	struct emf_fd socket;
	struct emf_timer timer;
	unsigned int tries;
	uint64_t restarts, running_since_ns, again_ns;
	int end_err;
	char last_end[128];
	char why[EMF_WHY_MAX];
	void (*settled)(struct emf_isolated *iso, int err);
	struct ebus_deferred asker;
	struct ebus_service *described[EMF_ISOLATED_SERVICES_MAX];
	size_t n_described;
};

/**
 * emf_isolated_add() - take a file in; nothing of it runs yet
 * @emf: the product
 * @path: of an extension, or the name of one that is installed
 * @iso: receives it
 * @why: receives a sentence that says why not
 *
 * Return: 0; -E2BIG for too many; -EEXIST for one that is there; -EPERM for one that this
 * process may not start; -EPROTO, -ENOEXEC for a file that does not fit; -ENOMEM; or
 * what open(2) reports.
 */
int emf_isolated_add(struct emf *emf, const char *path, struct emf_isolated **iso, char why[EMF_ISOLATED_WHY_MAX]);

/* "PARAMETER=VALUE", for its next start. 0; -EINVAL for what is none; -E2BIG, -ENOMEM. */
int emf_isolated_set(struct emf_isolated *iso, const char *word);

/* The same for "--set @arg", and logs what is wrong. */
int emf_isolated_set_asked(struct emf_isolated *iso, const char *arg, const char *word);

/* Those that the command line names, "--isolated FILE", before its modules are looked for. 0 or an error, logged. */
int emf_isolated_add_asked(struct emf *emf, int argc, char **argv);

struct emf_option;

/* Of the option: as emf_extension_set(). */
int emf_isolated_option(const struct emf_option *option, const char *arg);

struct emf_config;

/* Those of the key "isolated". 0 or an error, logged. */
int emf_isolated_add_configured(struct emf *emf, const struct emf_config *config);

/**
 * emf_isolated_load() - take a file in while the product runs, and start it
 * @emf: the product
 * @path: as of emf_isolated_add()
 * @words: "PARAMETER=VALUE"
 * @n: how many
 * @settled: called once it runs, or could not: then it is not known any more
 * @iso: receives it, to keep who asked
 * @why: receives a sentence that says why not
 *
 * Return: 0, and @settled is called in a later turn; or as emf_isolated_add().
 */
int emf_isolated_load(struct emf *emf, const char *path, const char *const *words, size_t n,
		      void (*settled)(struct emf_isolated *iso, int err), struct emf_isolated **iso,
		      char why[EMF_ISOLATED_WHY_MAX]);

/**
 * emf_isolated_unload() - end it, and know it no more
 * @iso: it
 * @settled: called once it has ended
 * @why: receives a sentence that says why not
 *
 * Return: 0; -EBUSY if it is on its way already.
 */
int emf_isolated_unload(struct emf_isolated *iso, void (*settled)(struct emf_isolated *iso, int err),
			char why[EMF_ISOLATED_WHY_MAX]);

/* Its process is started; what becomes of it settles the unit, in a later turn. */
void emf_isolated_start(struct emf_unit *unit);

/* The same, and waits: before the loop turns nobody else does. 0, or what it failed with, logged. */
int emf_isolated_start_now(struct emf_unit *unit);

/* It is hung up on; the unit is settled when its process has ended, or was killed since it did not. */
void emf_isolated_stop(struct emf_unit *unit);

/* Waits for all that are ending, and kills who takes too long. */
void emf_isolated_wait(struct emf *emf);

/* Once per turn: sends what waits, and takes away what has gone. */
void emf_isolated_turn(struct emf *emf);

/* When no module is left. */
void emf_isolated_forget_all(struct emf *emf);

/* "running", "starting again": for status. */
const char *emf_isolated_state_name(const struct emf_isolated *iso);

/* --- between its files */

/* What it is started with, each to be freed: the configuration, then who asked for it. 0 or a negative errno. */
int emf_isolated_words(const struct emf_isolated *iso, char **to, size_t *n);

/* Starts the process and connects to it. 0, or a negative errno with a sentence in iso->why. */
int emf_isolated_connect(struct emf_isolated *iso);

/* Ends the connection; its services go. */
void emf_isolated_disconnect(struct emf_isolated *iso);

/* What was sent to it goes out, what came is dealt with by now; one that is of no use any more is ended. */
void emf_isolated_flush(struct emf_isolated *iso);

/* Its connection is of no use: it is killed, and its end is dealt with when it has come. */
void emf_isolated_broke(struct emf_isolated *iso);

/* Its modules run, and its services can be called. */
void emf_isolated_is_up(struct emf_isolated *iso);

/* Receives what is there. */
void emf_isolated_receive(struct emf_isolated *iso);

/* Its process was waited for; @status is as of waitpid(2). */
void emf_isolated_ended(struct emf_isolated *iso, int status);

/* Takes it out of the registry and frees it. */
void emf_isolated_free(struct emf_isolated *iso);

#endif
