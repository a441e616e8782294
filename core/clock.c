// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * clock.c - time stamps as times of day.
 */
#include "clock.h"

#include <stdio.h>
#include <time.h>

#include <emf/loop.h>
#include <emf/output.h>

#define NS_PER_S UINT64_C(1000000000)
#define LOOK_EVERY_NS UINT64_C(10000000)

/* The last second that was asked for, as text: the next event is of the same, mostly. */
struct second {
	time_t s;
	size_t len;
	char text[32];
};

/* Of events that were, and are shown now. */
static struct {
	bool is_set;
	uint64_t now, wall;
} set;

void emf_clock_set(uint64_t now, uint64_t wall)
{
	set.is_set = true;
	set.now = now;
	set.wall = wall;
}

uint64_t emf_clock_now(void)
{
	return set.is_set ? set.now : emf_now_ns();
}

static struct timespec wall_now(uint64_t *monotonic_ns)
{
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	*monotonic_ns = emf_now_ns();
	return wall;
}

uint64_t emf_clock_wall(uint64_t monotonic_ns)
{
	static uint64_t looked_at, offset;

	if (set.is_set)
		return monotonic_ns + set.wall;
	/* Stamps of one that is before the last look, by far, are of the same clock as well. */
	if (!offset || monotonic_ns > looked_at + LOOK_EVERY_NS) {
		struct timespec wall = wall_now(&looked_at);

		offset = (uint64_t)wall.tv_sec * NS_PER_S + (uint64_t)wall.tv_nsec - looked_at;
	}
	return monotonic_ns + offset;
}

static void format_local(time_t s, struct second *second)
{
	struct tm tm;

	localtime_r(&s, &tm);
	second->len = (size_t)snprintf(second->text, sizeof(second->text), "%02d:%02d:%02d.", tm.tm_hour % 24, tm.tm_min % 60, tm.tm_sec % 61);
	second->s = s;
}

static void format_utc(time_t s, struct second *second)
{
	struct tm tm;

	gmtime_r(&s, &tm);
	second->len = strftime(second->text, sizeof(second->text), "%Y-%m-%dT%H:%M:%S.", &tm);
	second->s = s;
}

void emf_clock_add_local(struct emf_line *line, uint64_t monotonic_ns)
{
	static struct second last;
	uint64_t wall = emf_clock_wall(monotonic_ns);

	if (!last.len || last.s != (time_t)(wall / NS_PER_S))
		format_local((time_t)(wall / NS_PER_S), &last);
	emf_line_add(line, last.text, last.len);
	emf_line_digits(line, wall / 1000000 % 1000, 3);
}

void emf_clock_add_rfc3339(struct emf_line *line, uint64_t wall_ns)
{
	static struct second last;

	if (!last.len || last.s != (time_t)(wall_ns / NS_PER_S))
		format_utc((time_t)(wall_ns / NS_PER_S), &last);
	emf_line_add(line, last.text, last.len);
	emf_line_digits(line, wall_ns % NS_PER_S, 9);
	emf_line_char(line, 'Z');
}

char *emf_clock(char out[16], uint64_t monotonic_ns)
{
	struct emf_line line = { .text = out, .size = 15 };

	emf_clock_add_local(&line, monotonic_ns);
	out[line.at] = '\0';
	return out;
}
