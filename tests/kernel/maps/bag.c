// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bag.c - uses the accessors of bag.bpf.c's maps, and prints what they give.
 */
#include "bag_emf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bag.h"

#define STABLE 100 /* keys of churn that nobody deletes */

static char op[32] = "fill";

static const struct emf_param params[] = {
	{ .name = "op", .type = EMF_STRING, .value = op, .size = sizeof(op), .doc = "what to do" },
	{ .name = NULL },
};

static void hex(const void *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%02x", ((const unsigned char *)data)[i]);
}

static void show(const char *map, const void *key, size_t key_bytes, const void *value, size_t value_bytes)
{
	printf("%s ", map);
	hex(key, key_bytes);
	printf(" ");
	hex(value, value_bytes);
	printf("\n");
}

static int show_row(const struct bag_key *key, const struct bag_row *row, void *ctx)
{
	(void)ctx;
	show("rows", key, sizeof(*key), row, sizeof(*row));
	return 0;
}

static int show_number(const __u32 *key, const __u64 *value, void *ctx)
{
	(void)ctx;
	show("numbers", key, sizeof(*key), value, sizeof(*value));
	return 0;
}

static int show_total(const __u32 *key, const struct bag_total *values, void *ctx)
{
	(void)ctx;
	show("totals", key, sizeof(*key), values, sizeof(*values) * (size_t)emf_cpus());
	return 0;
}

static int show_by_cpu(const __u32 *key, const __u64 *values, void *ctx)
{
	(void)ctx;
	printf("by_cpu ");
	hex(key, sizeof(*key));
	printf(" ");
	for (int cpu = 0; cpu < emf_cpus(); cpu++)
		hex(bag_map_by_cpu_cpu(values, cpu), bag_map_by_cpu_value_bytes);
	printf("\n");
	return 0;
}

static int show_recent_by_cpu(const __u64 *key, const struct bag_total *values, void *ctx)
{
	(void)ctx;
	show("recent_by_cpu", key, sizeof(*key), values, sizeof(*values) * (size_t)emf_cpus());
	return 0;
}

static int show_recent(const __u64 *key, const bool *value, void *ctx)
{
	(void)ctx;
	show("recent", key, sizeof(*key), value, 1);
	return 0;
}

static int show_device(const __u32 *key, const __u32 *value, void *ctx)
{
	(void)ctx;
	show("devices", key, sizeof(*key), value, sizeof(*value));
	return 0;
}

static int show_unnamed(const struct bag_map_unnamed_key *key, const struct bag_map_unnamed_value *value, void *ctx)
{
	(void)ctx;
	show("unnamed", key, sizeof(*key), value, sizeof(*value));
	return 0;
}

static int show_route(const struct bag_map_routes_key *key, const __u16 *value, void *ctx)
{
	(void)ctx;
	show("routes", key, sizeof(*key), value, sizeof(*value));
	return 0;
}

static void fill_plain(struct module *m)
{
	for (__u32 i = 0; i < 5; i++) {
		struct bag_key key = { .a = i, .b = 7, .c = 9 };
		struct bag_row row = { .packets = i, .bytes = 1000ull * i, .name = "row" };
		struct bag_map_unnamed_key unnamed = { .kind = (__u8)i };
		struct bag_map_unnamed_value value = { .whole = i, .how = 1, .class_ = -1 };
		struct bag_map_routes_key route = { .bits = 8 * i, .address = 0x0a0a0a0a };
		__u64 number = i * 11, sock = 0x1000 + i;
		__u16 via = (__u16)i;
		__u32 lo = 1;
		bool yes = i % 2;

		bag_map_rows_update(m, &key, &row);
		bag_map_numbers_update(m, &i, &number);
		bag_map_unnamed_update(m, &unnamed, &value);
		bag_map_routes_update(m, &route, &via);
		bag_map_recent_update(m, &sock, &yes);
		bag_map_devices_update(m, &i, &lo);
	}
}

static void fill_per_cpu(struct module *m)
{
	size_t cpus = (size_t)emf_cpus();
	struct bag_total *totals = calloc(cpus, sizeof(*totals));
	__u64 *by_cpu = calloc(cpus, sizeof(*by_cpu));

	for (__u32 i = 0; i < 4; i++) {
		__u64 wide = i;

		for (int cpu = 0; cpu < emf_cpus(); cpu++) {
			totals[cpu] = (struct bag_total){ .n = 1ull << 40 | (i + (__u32)cpu), .small = { i, 0xffffffff, 3 }, .text = "abc" };
			*bag_map_by_cpu_cpu(by_cpu, cpu) = 10 * i + (__u32)cpu;
		}
		bag_map_totals_update(m, &i, totals);
		bag_map_by_cpu_update(m, &i, by_cpu);
		bag_map_recent_by_cpu_update(m, &wide, totals);
	}
	free(totals);
	free(by_cpu);
}

static void show_sums(struct module *m)
{
	for (__u32 i = 0; i < 4; i++) {
		__u64 wide = i;
		struct bag_total total;
		__u32 sum;

		if (!bag_map_totals_sum(m, &i, &total))
			show("sum_totals", &i, 4, &total, sizeof(total));
		if (!bag_map_recent_by_cpu_sum(m, &wide, &total))
			show("sum_recent_by_cpu", &wide, 8, &total, sizeof(total));
		if (!bag_map_by_cpu_sum(m, &i, &sum))
			show("sum_by_cpu", &i, 4, &sum, sizeof(sum));
	}
}

static void fill(struct module *m)
{
	struct bag_key gone = { .a = 3, .b = 7, .c = 9 }, key, next;
	struct bag_row row;
	int n = 0, err;

	fill_plain(m);
	fill_per_cpu(m);
	printf("is delete %d\n", bag_map_rows_delete(m, &gone));
	printf("is delete_again %d\n", bag_map_rows_delete(m, &gone));
	printf("is lookup_deleted %d\n", bag_map_rows_lookup(m, &gone, &row));
	gone.a = 4;
	err = bag_map_rows_lookup(m, &gone, &row);
	printf("is lookup %d %llu\n", err, (unsigned long long)row.bytes);
	for (err = bag_map_rows_next(m, NULL, &next); !err; n++) {
		key = next;
		err = bag_map_rows_next(m, &key, &next);
	}
	printf("is next %d %d\n", n, err);
	bag_map_rows_for_each(m, show_row, NULL);
	bag_map_numbers_for_each(m, show_number, NULL);
	bag_map_totals_for_each(m, show_total, NULL);
	bag_map_by_cpu_for_each(m, show_by_cpu, NULL);
	bag_map_recent_by_cpu_for_each(m, show_recent_by_cpu, NULL);
	bag_map_recent_for_each(m, show_recent, NULL);
	bag_map_unnamed_for_each(m, show_unnamed, NULL);
	bag_map_routes_for_each(m, show_route, NULL);
	bag_map_devices_for_each(m, show_device, NULL);
	show_sums(m);
}

struct count {
	struct module *m;
	uint64_t visits, sum, stable;
	unsigned char seen[STABLE];
};

static int add_up(const __u32 *key, const __u64 *value, void *ctx)
{
	struct count *count = ctx;

	count->visits++;
	count->sum += *value;
	if (*key < STABLE && count->seen[*key]++ == 0)
		count->stable++;
	return 0;
}

static int delete_it(const __u32 *key, const __u64 *value, void *ctx)
{
	struct count *count = ctx;

	add_up(key, value, ctx);
	return bag_map_churn_delete(count->m, key);
}

static int third(const __u32 *key, const __u64 *value, void *ctx)
{
	add_up(key, value, ctx);
	return ((struct count *)ctx)->visits == 3 ? 1234 : 0;
}

static void tell(const char *what, int err, const struct count *count)
{
	printf("is %s %d %llu %llu\n", what, err, (unsigned long long)count->visits, (unsigned long long)count->sum);
}

/* Another process fills the map: one that counts the calls of this one counts those of the walk, and is not stopped at each of 65536. */
static void walk_big(struct module *m)
{
	struct count count = { .m = m };
	pid_t child = fork();

	for (__u32 i = 0; !child && i < BAG_BIG; i++) {
		__u64 value = i;

		bag_map_big_update(m, &i, &value);
	}
	if (!child)
		_exit(0);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	tell("big", bag_map_big_for_each(m, add_up, &count), &count);
}

static void fill_churn(struct module *m, __u32 n)
{
	for (__u32 i = 0; i < n; i++) {
		__u64 value = 1;

		bag_map_churn_update(m, &i, &value);
	}
}

static void walks(struct module *m)
{
	struct count empty = { .m = m }, all = { .m = m }, after = { .m = m }, stopped = { .m = m };
	const struct emf_map_counters counters = { 0, 4, 1 };
	const struct emf_map *none = emf_map_at(m, 1000);
	__u32 one = 1;

	tell("empty", bag_map_nothing_for_each(m, add_up, &empty), &empty);
	fill_churn(m, 1000);
	tell("deleting", bag_map_churn_for_each(m, delete_it, &all), &all);
	tell("deleted", bag_map_churn_for_each(m, add_up, &after), &after);
	fill_churn(m, 1000);
	tell("stopped", bag_map_churn_for_each(m, third, &stopped), &stopped);
	printf("is none %d %d %d %d %d %d %d\n", emf_map_for_each(none, NULL, NULL), emf_map_lookup(none, &one, &one),
	       emf_map_next(none, &one, &one), emf_map_update(none, &one, &one), emf_map_delete(none, &one),
	       emf_map_sum(none, &one, &one, &counters, 1), (int)emf_map_max_entries(none));
}

/* Each map by its number and by its name. */
static void names(struct module *m)
{
#define NAME(map) printf("is " #map " %d\n", emf_map_at(m, bag_map_##map##_index) == emf_map_get(m, #map))
	NAME(rows);
	NAME(numbers);
	NAME(totals);
	NAME(by_cpu);
	NAME(recent_by_cpu);
	NAME(recent);
	NAME(big);
	NAME(nothing);
	NAME(churn);
	NAME(devices);
	NAME(unnamed);
	NAME(routes);
	NAME(sizes_only);
	NAME(ring_counts);
}

static int bag_create(struct module *m)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!strcmp(op, "fill"))
		fill(m);
	else if (!strcmp(op, "big"))
		walk_big(m);
	else if (!strcmp(op, "walks"))
		walks(m);
	else if (!strcmp(op, "names"))
		names(m);
	else if (!strcmp(op, "churn"))
		fill_churn(m, STABLE);
	printf("is done 0\n");
	return 0;
}

static int bag_poll(struct module *m)
{
	for (int i = 0; !strcmp(op, "churn") && i < 20; i++) {
		struct count count = { .m = m };
		int err = bag_map_churn_for_each(m, add_up, &count);

		printf("walk %d %llu %llu\n", err, (unsigned long long)count.visits, (unsigned long long)count.stable);
	}
	return 0;
}

static struct module bag = {
	.name = "bag",
	.params = params,
	.object = &bag_object,
	.create = bag_create,
	.poll = bag_poll,
};
ebpf_module(bag);
