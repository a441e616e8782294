// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_bus_ring.c - without these, a reader could believe a record that was half
 * overwritten, miscount what it has missed, or write where others read.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bus_ring.h"
#include "unit.h"

#define SIZE 4096
#define HEAD 4096 /* as in bus_ring.c */

static struct ebus_ring_writer writer;
static struct ebus_ring_reader reader;

static void setup(void)
{
	ck_assert_int_eq(ebus_ring_create(&writer, SIZE), 0);
	ck_assert_int_eq(ebus_ring_map(&reader, writer.fd, 0), 0);
}

static void teardown(void)
{
	ebus_ring_unmap(&reader);
	ebus_ring_destroy(&writer);
}

static void check_next(unsigned int slot, uint64_t number, const char *text)
{
	struct ebus_ring_record record;

	ck_assert_int_eq(ebus_ring_next(&reader, ebus_ring_end(&reader), &record), 1);
	ck_assert_uint_eq(record.slot, slot);
	ck_assert_uint_eq(record.number, number);
	ck_assert_uint_eq(record.size, strlen(text));
	ck_assert(!memcmp(record.payload, text, record.size));
	ck_assert(ebus_ring_is_intact(&reader));
}

START_TEST(records_come_in_the_order_in_which_they_were_written_and_each_slot_counts_its_own)
{
	struct ebus_ring_record record;

	ebus_ring_write(&writer, 0, "one", 3);
	ebus_ring_write(&writer, 5, "", 0);
	ebus_ring_write(&writer, 0, "three", 5);
	check_next(0, 0, "one");
	check_next(5, 0, "");
	check_next(0, 1, "three");
	ck_assert_int_eq(ebus_ring_next(&reader, ebus_ring_end(&reader), &record), 0);
	ck_assert_uint_eq(ebus_ring_count(&reader, 0), 2);
	ck_assert_uint_eq(ebus_ring_count(&reader, 5), 1);
	ck_assert_uint_eq(ebus_ring_count(&reader, 1), 0);
}
END_TEST

/* Sizes of all kinds, so that segments end in every way. */
START_TEST(a_reader_that_keeps_up_misses_nothing_over_many_rounds)
{
	char text[300];

	for (unsigned int i = 0; i < 20000; i++) {
		size_t n = i * 7 % sizeof(text);

		memset(text, 'a' + (int)(i % 26), sizeof(text));
		text[n] = '\0';
		ebus_ring_write(&writer, i % 3, text, n);
		check_next(i % 3, i / 3, text);
	}
	ck_assert_uint_gt(writer.at, 100 * SIZE);
}
END_TEST

START_TEST(who_was_overtaken_goes_on_with_a_whole_record_half_a_ring_behind)
{
	struct ebus_ring_record record;
	char text[50];
	unsigned int n = 0;

	for (unsigned int i = 0; i < 1000; i++) {
		memset(text, (int)(i % 251), sizeof(text));
		ebus_ring_write(&writer, 0, text, sizeof(text));
	}
	ck_assert_int_eq(ebus_ring_next(&reader, ebus_ring_end(&reader), &record), 1);
	for (unsigned int i = (unsigned int)record.number; i < 1000; i++, n++) {
		ck_assert_uint_eq(record.number, i);
		ck_assert_uint_eq(*(const unsigned char *)record.payload, i % 251);
		ck_assert(ebus_ring_is_intact(&reader));
		ck_assert_int_eq(ebus_ring_next(&reader, ebus_ring_end(&reader), &record), i < 999);
	}
	ck_assert_uint_ge(n, SIZE / 4 / 80);
	ck_assert_uint_eq(ebus_ring_count(&reader, 0), 1000);
}
END_TEST

START_TEST(a_record_that_is_overwritten_while_it_is_read_is_not_intact)
{
	struct ebus_ring_record record;
	char text[50] = "";

	ebus_ring_write(&writer, 0, text, sizeof(text));
	ck_assert_int_eq(ebus_ring_next(&reader, ebus_ring_end(&reader), &record), 1);
	ck_assert(ebus_ring_is_intact(&reader));
	for (unsigned int i = 0; i < 100; i++)
		ebus_ring_write(&writer, 0, text, sizeof(text));
	ck_assert(!ebus_ring_is_intact(&reader));
	ck_assert_int_eq(ebus_ring_next(&reader, ebus_ring_end(&reader), &record), 1);
	ck_assert_uint_gt(record.number, 1);
	ck_assert(ebus_ring_is_intact(&reader));
}
END_TEST

/* Two processes at full speed, the reader slower at times. */
START_TEST(what_is_read_and_missed_is_what_was_written_between_processes)
{
	enum { N = 400000 };
	struct ebus_ring_record record;
	uint64_t next = 0, missed = 0, read = 0, words[8];
	int err = 0;
	pid_t pid = fork();

	if (!pid) {
		for (uint64_t i = 0; i < N; i++) {
			for (int j = 0; j < 8; j++)
				words[j] = i;
			ebus_ring_write(&writer, 0, words, sizeof(words));
		}
		_exit(0);
	}
	for (long turn = 0; next < N && turn < 1000000000; turn++) {
		/* A writer that has died writes no more: what is there is all. */
		if (!(turn % 100000) && waitpid(pid, NULL, WNOHANG) == pid)
			turn = 1000000000 - 10 * N;
		err = ebus_ring_next(&reader, ebus_ring_end(&reader), &record);
		ck_assert_int_ge(err, 0);
		if (!err)
			continue;
		memcpy(words, record.payload, sizeof(words));
		if (!ebus_ring_is_intact(&reader))
			continue;
		for (int j = 0; j < 8; j++)
			ck_assert_uint_eq(words[j], record.number);
		ck_assert_uint_ge(record.number, next);
		missed += record.number - next;
		next = record.number + 1;
		read++;
	}
	waitpid(pid, NULL, 0);
	ck_assert_uint_eq(read + missed, N);
	ck_assert_uint_gt(read, 0);
}
END_TEST

START_TEST(nobody_else_can_write_to_it_or_change_its_size)
{
	int fd = dup(writer.fd);

	ck_assert_ptr_eq(mmap(NULL, HEAD + SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(pwrite(fd, "x", 1, 0), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(ftruncate(fd, 0), -1);
	ck_assert_int_eq(ftruncate(fd, 1 << 20), -1);
	ck_assert_int_eq(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, HEAD), -1);
	ck_assert_int_eq(mprotect((void *)reader.shared, HEAD, PROT_READ | PROT_WRITE), -1);
	close(fd);
}
END_TEST

START_TEST(what_is_no_ring_or_could_shrink_is_refused)
{
	struct ebus_ring_reader other;
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char head[HEAD];

	ck_assert_int_eq(pread(writer.fd, head, HEAD, 0), HEAD);
	ck_assert_int_eq(pwrite(fd, head, HEAD, 0), HEAD);
	ck_assert_int_eq(ftruncate(fd, HEAD + SIZE), 0);
	ck_assert_int_eq(ebus_ring_map(&other, fd, 0), -EBADMSG); /* could shrink */
	fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK);
	ck_assert_int_eq(ebus_ring_map(&other, fd, 4), -EBADMSG); /* no position */
	ck_assert_int_eq(ebus_ring_map(&other, fd, 0), 0);
	ebus_ring_unmap(&other);
	ck_assert_int_eq(ftruncate(fd, HEAD + SIZE + 8), 0);
	ck_assert_int_eq(ebus_ring_map(&other, fd, 0), -EBADMSG); /* no such size */
	close(fd);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(ebus_ring_map(&other, fd, 0), -EBADMSG);
	close(fd);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("bus_ring");
	TCase *c = tcase_create("ring");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, records_come_in_the_order_in_which_they_were_written_and_each_slot_counts_its_own);
	tcase_add_test(c, a_reader_that_keeps_up_misses_nothing_over_many_rounds);
	tcase_add_test(c, who_was_overtaken_goes_on_with_a_whole_record_half_a_ring_behind);
	tcase_add_test(c, a_record_that_is_overwritten_while_it_is_read_is_not_intact);
	tcase_add_test(c, what_is_read_and_missed_is_what_was_written_between_processes);
	tcase_add_test(c, nobody_else_can_write_to_it_or_change_its_size);
	tcase_add_test(c, what_is_no_ring_or_could_shrink_is_refused);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
