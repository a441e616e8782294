// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * event_file.c - writes events to a file.
 */
#include "event_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <emf/event.h>

#include "clock.h"
#include "core.h"
#include "log.h"
#include "record.h"
#include "schema.h"
#include "sysfile.h"

#define TYPES_MAX EMF_SHOWN_MAX
#define BUFFER_BYTES (1u << 18)
#define FLUSH_NS UINT64_C(1000000000) /* what a tool that is killed loses at most */

/* The one that this process writes: of the loop's thread. */
static struct {
	int fd;
	const char *path;
	char part[PATH_MAX]; /* its name until the tool runs; empty from then on */
	const struct emf_unit *units[EMF_EVENT_FILE_MODULES_MAX]; /* that have types, in the order of their numbers */
	size_t n;
	size_t used;		    /* of the buffer */
	uint64_t waiting;	    /* events in it */
	uint64_t bytes;		    /* in the file, whole records */
	uint64_t written, lost;	    /* in the file and the buffer; neither */
	int err;		    /* why nothing is written any more */
	struct emf_loop *loop;	    /* NULL without one */
	struct emf_timer timer;	    /* runs while something is in the buffer */
} file = { .fd = -1 };

static unsigned char buffer[BUFFER_BYTES];

static struct emf_event_file_origin origin;

void emf_event_file_set_origin(const struct emf_event_file_origin *of)
{
	origin = *of;
}

void emf_event_file_here(struct emf_event_file_origin *here)
{
	*here = (struct emf_event_file_origin){ 0 };
	emf_sysfile_read("/proc/sys/kernel/random/boot_id", here->boot, sizeof(here->boot));
	if (gethostname(here->host, sizeof(here->host) - 1))
		here->host[0] = '\0';
}

static int write_all(const unsigned char *data, size_t n)
{
	while (n) {
		ssize_t done = write(file.fd, data, n);

		if (done < 0 && errno != EINTR)
			return -errno;
		data += done < 0 ? 0 : done;
		n -= done < 0 ? 0 : (size_t)done;
	}
	return 0;
}

/* All of it, or nothing: a half of a record would hide those before it. What fails is told, and ends the writing. */
static int flush(void)
{
	int err = write_all(buffer, file.used);

	emf_timer_stop(&file.timer);
	if (!err) {
		file.bytes += file.used;
	} else {
		if (ftruncate(file.fd, (off_t)file.bytes))
			emf_debug(NULL, "--capture: %s: what was written of the last events cannot be cut off: %s", file.path, strerror(errno));
		file.written -= file.waiting;
		file.lost += file.waiting;
		file.err = err;
	}
	file.used = 0;
	file.waiting = 0;
	return err;
}

static void fail(int err)
{
	emf_err(NULL, "--capture: %s: %s: events are counted from here on, and not written", file.path, strerror(-err));
}

static void on_timer(struct emf_timer *timer)
{
	int err = flush();

	(void)timer;
	if (err)
		fail(err);
}

static int put(const void *data, size_t n)
{
	int err = n > BUFFER_BYTES - file.used ? flush() : 0;

	if (err)
		return err;
	if (n > BUFFER_BYTES) {
		err = write_all(data, n);
		file.bytes += err ? 0 : n;
		return err;
	}
	memcpy(buffer + file.used, data, n);
	file.used += n;
	return 0;
}

static size_t types_of(const struct emf_unit *unit, const struct emf_record *types[TYPES_MAX])
{
	size_t n = 0;

	for (const struct emf_event_source *e = unit->m->events; e && e->ring; e++) {
		size_t i = 0;

		while (i < n && types[i] != e->printed)
			i++;
		if (e->printed && i == n && n < TYPES_MAX)
			types[n++] = e->printed;
	}
	return n;
}

/* As it will be read: who has more types, or larger ones, than a file holds is told. */
static int check(const struct emf_unit *unit, const char *text, size_t n)
{
	char why[EMF_SCHEMA_WHY_MAX];
	struct emf_schema *schema = NULL;
	int err = emf_schema_read_events(text, n, &schema, why);

	emf_schema_free(schema);
	if (err)
		emf_err(unit->m, "--capture: its events have a type that no file can hold: %s", why);
	return err;
}

/* What comes has all of its bytes, also where a kernel part alone may have cut the text at its end. */
static bool ends_in_text(const struct emf_record *record)
{
	return record->fixed < record->size && !record->members[record->n - 1].bounded;
}

static int put_types(const struct emf_unit *unit)
{
	const struct emf_record *types[TYPES_MAX];
	struct emf_record whole[TYPES_MAX];
	struct ebus_member signals[TYPES_MAX] = { { 0 } };
	struct ebus_service service = { .name = unit->m->name, .version = "1.0", .hash = 1 /* 0 is none */, .signals = signals };
	char *text = malloc(EMF_EVENT_FILE_SCHEMA_MAX);
	uint32_t size;
	int n, err;

	if (!text)
		return -ENOMEM;
	service.n_signals = types_of(unit, types);
	for (size_t i = 0; i < service.n_signals; i++) {
		whole[i] = *types[i];
		if (ends_in_text(types[i]))
			whole[i].fixed = whole[i].size;
		signals[i] = (struct ebus_member){ .name = types[i]->name, .in = { .record = &whole[i] }, .access = "admin" };
	}
	n = emf_schema_write(&service, text, EMF_EVENT_FILE_SCHEMA_MAX);
	err = n < 0 ? n : check(unit, text, (size_t)n);
	size = (uint32_t)n;
	if (!err)
		err = put(&size, sizeof(size));
	if (!err)
		err = put(text, size);
	free(text);
	return err;
}

static int know_modules(const struct emf *emf)
{
	const struct emf_record *types[TYPES_MAX];

	for (size_t u = 0; u < emf->registry.n; u++) {
		struct emf_unit *unit = emf->registry.units[u];
		size_t n = unit->wanted ? types_of(unit, types) : 0;

		if (!n)
			continue;
		if (file.n == EMF_EVENT_FILE_MODULES_MAX) {
			emf_err(NULL, "--capture: more than %d modules have events: run fewer", EMF_EVENT_FILE_MODULES_MAX);
			return -EINVAL;
		}
		for (size_t i = 0; i < n; i++) {
			struct emf_shown *shown = emf_show_find(unit, types[i]);

			if (!shown)
				return -ENOMEM;
			shown->number = (struct emf_shown_number){ .is_set = true, .module = (uint16_t)file.n, .type = (uint16_t)i };
		}
		file.units[file.n++] = unit;
	}
	if (!file.n)
		emf_err(NULL, "--capture: no module that runs prints events, and tables and histograms are not written");
	return file.n ? 0 : -EINVAL;
}

static int put_head(void)
{
	struct emf_event_file_head head = { .format = EMF_EVENT_FILE_FORMAT, .modules = (uint32_t)file.n };
	uint64_t now = emf_clock_now();
	int err;

	if (!origin.boot[0])
		emf_event_file_here(&origin);
	head.origin = origin;
	memcpy(head.magic, EMF_EVENT_FILE_MAGIC, sizeof(head.magic));
	head.wall = emf_clock_wall(now) - now;
	err = put(&head, sizeof(head));
	for (size_t u = 0; !err && u < file.n; u++)
		err = put_types(file.units[u]);
	return err ? err : flush();
}

/* A new file, so that nobody's link is followed, and what was there stays until the tool runs. */
static int start(void)
{
	struct stat there;

	if (!lstat(file.path, &there) && !S_ISREG(there.st_mode)) {
		emf_err(NULL, "--capture: %s is no regular file: name one, or a new one", file.path);
		return -EINVAL;
	}
	if (snprintf(file.part, sizeof(file.part), "%s.%d.part", file.path, (int)getpid()) >= (int)sizeof(file.part))
		return -ENAMETOOLONG;
	/* What programs do is for nobody else to read. */
	file.fd = open(file.part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return file.fd < 0 ? -errno : put_head();
}

static void give_up(void)
{
	if (file.fd < 0)
		return;
	close(file.fd);
	file.fd = -1;
	unlink(file.part);
}

int emf_event_file_create(struct emf *emf)
{
	int err;

	file.path = emf->show.capture;
	err = know_modules(emf);
	if (!err)
		err = start();
	if (err && err != -EINVAL && err != -EPROTO) /* which were told */
		emf_err(NULL, "--capture: %s cannot be written: %s", file.path, strerror(-err));
	if (err)
		give_up();
	return err;
}

int emf_event_file_begin(struct emf_loop *loop)
{
	int err;

	if (file.fd < 0)
		return 0;
	if (rename(file.part, file.path)) {
		err = -errno;
		emf_err(NULL, "--capture: %s cannot be written: %s", file.path, strerror(-err));
		give_up();
		return err;
	}
	file.part[0] = '\0';
	file.timer.expired = on_timer;
	file.loop = loop;
	if (loop && file.used)
		emf_loop_start_timer(loop, NULL, &file.timer, FLUSH_NS, 0);
	return 0;
}

static void lose(const char *why)
{
	if (!file.lost++)
		emf_err(NULL, "--capture: %s: %s: such events are counted, and not written", file.path, why);
}

bool emf_event_file_write(const struct emf_shown *shown, const void *data)
{
	struct emf_event_file_record head = { .size = ends_in_text(shown->record) ? shown->record->size : (uint32_t)emf_record_wire_size(shown->record, data),
					      .module = shown->number.module,
					      .type = shown->number.type, .time = emf_clock_now() };
	size_t size = sizeof(head) + head.size;
	int err = file.err;

	if (err) { /* of a file that is full, or of a disk */
		file.lost++;
		return false;
	}
	if (!shown->number.is_set || head.size > shown->record->size || size > BUFFER_BYTES) {
		lose(!shown->number.is_set ? "an event is of a type that its module does not declare" :
		     head.size > shown->record->size ? "an event claims more than there is" : "an event has more than 256 KiB");
		return false;
	}
	if (file.bytes + file.used + size > EMF_EVENT_FILE_MAX) {
		file.err = -EFBIG;
		file.lost++;
		emf_err(NULL, "--capture: %s: it is as large as one can be, 1 GiB: events are counted from here on, and not written", file.path);
		return false;
	}
	if (size > BUFFER_BYTES - file.used)
		err = flush();
	if (err) {
		file.lost++;
		fail(err);
		return false;
	}
	if (!file.used && file.loop)
		emf_loop_start_timer(file.loop, NULL, &file.timer, FLUSH_NS, 0);
	put(&head, sizeof(head));
	put(data, head.size);
	file.waiting++;
	file.written++;
	return true;
}

int emf_event_file_close(void)
{
	struct emf_event_file_record end = { .module = EMF_EVENT_FILE_END };
	bool has_end = !file.err || file.err == -EFBIG;
	int err;

	if (file.fd < 0)
		return 0;
	if (file.part[0]) { /* the tool did not run */
		give_up();
		return 0;
	}
	err = has_end ? flush() : 0;
	end.type = file.lost != 0;
	end.time = file.written;
	if (has_end && !err)
		err = put(&end, sizeof(end));
	if (has_end && !err)
		err = flush();
	if (close(file.fd) && !err && has_end)
		err = -errno;
	file.fd = -1;
	if (err)
		emf_err(NULL, "--capture: %s: %s", file.path, strerror(-err));
	has_end &= !err;
	emf_log(NULL, file.lost || !has_end ? EMF_LOG_WARN : EMF_LOG_INFO, "%s: %" PRIu64 " events written, %" PRIu64 " lost%s", file.path, file.written,
		file.lost, has_end ? "" : ", and its end is missing");
	return err ? err : file.err;
}
