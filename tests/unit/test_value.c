// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_value.c - without these, a value could be read as another one, wrap around its
 * width, lie in the wrong order of bytes, or drive the terminal that it is printed on.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <emf/output.h>

#include "constant.h"
#include "record_json.h"
#include "unit.h"
#include "value.h"
#include "value_line.h"

/* Off by one from any alignment, between bytes that nobody may touch. */
static unsigned char room[64];
#define VALUE (room + 9)

static const struct emf_name colours[] = { { "RED", 1 }, { "BLUE", 300 }, { "GREEN", 0 }, { NULL, 0 } };
static const struct emf_name sides[] = { { "LEFT", (uint64_t)-1 }, { "RIGHT", 1 }, { NULL, 0 } };
static const struct emf_name parts[] = { { "HEAD", 1 }, { "BODY", 2 }, { "ALL", 0x83 }, { "TAIL", 0x80 }, { NULL, 0 } };

static struct emf_value_type of(enum emf_type type)
{
	return (struct emf_value_type){ .type = type, .size = 8 };
}

static const struct emf_value_type colour = { .type = EMF_ENUM, .size = 2, .names = colours };
static const struct emf_value_type side = { .type = EMF_ENUM, .size = 1, .names = sides };
static const struct emf_value_type part = { .type = EMF_FLAGS, .size = 4, .names = parts };

static int parse(const struct emf_value_type *type, const char *text)
{
	size_t size = emf_value_size(type);
	int err;

	memset(room, 0x5a, sizeof(room));
	err = emf_value_parse(type, text, VALUE);
	for (size_t i = 0; i < sizeof(room); i++)
		if (err || room + i < VALUE || room + i >= VALUE + size)
			ck_assert_msg(room[i] == 0x5a, "'%s' of type %d touched byte %zd", text, type->type, room + i - VALUE);
	return err;
}

static const char *format(const struct emf_value_type *type)
{
	static char text[EMF_VALUE_TEXT_MAX];

	return emf_value_format(type, VALUE, text);
}

/* As a part of a line of output. */
static const char *added(enum emf_form form, const struct emf_value_type *type)
{
	static char text[256];
	struct emf_line line = { .text = text, .size = sizeof(text) - 1 };

	emf_value_add(&line, form, type, VALUE);
	text[line.at] = '\0';
	return text;
}

static void check_as(const struct emf_value_type *type, const char *text, const char *printed)
{
	ck_assert_msg(!parse(type, text), "'%s' of type %d is refused", text, type->type);
	ck_assert_str_eq(format(type), printed);
}

static void check_refused(const struct emf_value_type *type, const char *text, int wanted)
{
	int err = parse(type, text);

	ck_assert_msg(err == wanted, "'%s' of type %d: %d, wanted %d", text, type->type, err, wanted);
}

/* --- numbers */

static const struct {
	enum emf_type type;
	const char *least, *below, *most, *above;
} widths[] = {
	{ EMF_U8, "0", "-1", "255", "256" },
	{ EMF_U16, "0", "-1", "65535", "65536" },
	{ EMF_U32, "0", "-1", "4294967295", "4294967296" },
	{ EMF_U64, "0", "-1", "18446744073709551615", "18446744073709551616" },
	{ EMF_S8, "-128", "-129", "127", "128" },
	{ EMF_S16, "-32768", "-32769", "32767", "32768" },
	{ EMF_S32, "-2147483648", "-2147483649", "2147483647", "2147483648" },
	{ EMF_S64, "-9223372036854775808", "-9223372036854775809", "9223372036854775807", "9223372036854775808" },
	{ EMF_BE16, "0", "-1", "65535", "65536" },
	{ EMF_BE32, "0", "-1", "4294967295", "4294967296" },
	{ EMF_BE64, "0", "-1", "18446744073709551615", "18446744073709551616" },
	{ EMF_PID, "0", "-1", "4294967295", "4294967296" },
};

START_TEST(a_number_ends_where_its_type_does)
{
	struct emf_value_type type = of(widths[_i].type);

	check_as(&type, widths[_i].least, widths[_i].least);
	check_as(&type, widths[_i].most, widths[_i].most);
	check_refused(&type, widths[_i].below, -ERANGE);
	check_refused(&type, widths[_i].above, -ERANGE);
	check_refused(&type, "99999999999999999999999", -ERANGE);
	check_refused(&type, "99999999999999999999999x", -EINVAL);
	check_refused(&type, "", -EINVAL);
	check_refused(&type, " 1", -EINVAL);
	check_refused(&type, "-", -EINVAL);
	check_refused(&type, "0x", -EINVAL);
	check_as(&type, "0x1f", "31");
	check_as(&type, "010", "10");
}
END_TEST

START_TEST(what_is_stored_in_network_order_is_what_the_network_sends)
{
	static const unsigned char be64[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct emf_value_type type = of(EMF_BE16);
	uint16_t port = htons(443);
	uint32_t number = htonl(0x01020304);

	ck_assert_int_eq(parse(&type, "443"), 0);
	ck_assert_mem_eq(VALUE, &port, 2);
	ck_assert_uint_eq(emf_value_load(&type, VALUE), 443);
	type = of(EMF_BE32);
	ck_assert_int_eq(parse(&type, "0x01020304"), 0);
	ck_assert_mem_eq(VALUE, &number, 4);
	type = of(EMF_BE64);
	ck_assert_int_eq(parse(&type, "0x0102030405060708"), 0);
	ck_assert_mem_eq(VALUE, be64, 8);
	ck_assert_uint_eq(emf_value_load(&type, VALUE), 0x0102030405060708);
}
END_TEST

START_TEST(a_number_keeps_its_sign_when_it_is_loaded)
{
	struct emf_value_type type = of(EMF_S16);

	ck_assert_int_eq(parse(&type, "-2"), 0);
	ck_assert_int_eq((int64_t)emf_value_load(&type, VALUE), -2);
	type.type = EMF_U16;
	ck_assert_uint_eq(emf_value_load(&type, VALUE), 65534);
}
END_TEST

/* --- addresses, against what the C library makes of them */

static const char *const addresses[] = {
	"0.0.0.0", "10.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "2001:db8::ff:0:1", "::ffff:10.0.0.1",
	"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
};

START_TEST(an_address_is_read_and_printed_as_the_c_library_does)
{
	bool six = strchr(addresses[_i], ':');
	struct emf_value_type type = of(six ? EMF_IP6 : EMF_IP4);
	unsigned char wanted[16];

	ck_assert_int_eq(inet_pton(six ? AF_INET6 : AF_INET, addresses[_i], wanted), 1);
	check_as(&type, addresses[_i], addresses[_i]);
	ck_assert_mem_eq(VALUE, wanted, six ? 16 : 4);
}
END_TEST

START_TEST(what_is_no_address_is_refused)
{
	static const char *const bad4[] = { "", "10.0.0", "10.0.0.256", "10.0.0.1.2", " 10.0.0.1", "::1", "010.0.0.1", "localhost" };
	static const char *const bad6[] = { "", ":", ":::", "fe80::1%lo", "10.0.0.1", "12345::", "1:2:3:4:5:6:7:8:9" };
	static const char *const bad_mac[] = { "", "02:00:00:00:00", "02:00:00:00:00:01:", "02:00:00:00:00:01:02", "02-00-00-00-00-01",
					       "2:0:0:0:0:", "002:0:0:0:0:1", "0x:0:0:0:0:1", " 2:0:0:0:0:1", "-2:0:0:0:0:1", "g2:0:0:0:0:1" };
	struct emf_value_type ip4 = of(EMF_IP4), ip6 = of(EMF_IP6), mac = of(EMF_MAC);

	for (size_t i = 0; i < sizeof(bad4) / sizeof(*bad4); i++)
		check_refused(&ip4, bad4[i], -EINVAL);
	for (size_t i = 0; i < sizeof(bad6) / sizeof(*bad6); i++)
		check_refused(&ip6, bad6[i], -EINVAL);
	for (size_t i = 0; i < sizeof(bad_mac) / sizeof(*bad_mac); i++)
		check_refused(&mac, bad_mac[i], -EINVAL);
	check_as(&mac, "2:0:aB:0:0:1", "02:00:ab:00:00:01");
}
END_TEST

/* --- what the kernel knows by name */

START_TEST(an_interface_is_named_or_numbered)
{
	struct emf_value_type type = of(EMF_NETDEV);
	char index[16];

	snprintf(index, sizeof(index), "%u", if_nametoindex("lo"));
	check_as(&type, "lo", "lo");
	ck_assert_uint_eq(emf_value_load(&type, VALUE), if_nametoindex("lo"));
	check_as(&type, index, "lo");
	check_as(&type, "0", "0");
	check_as(&type, "4294967295", "4294967295");
	check_refused(&type, "4294967296", -ERANGE);
	check_refused(&type, "nosuchdev0", -ENODEV);
	check_refused(&type, "", -EINVAL);
	check_refused(&type, "sixteen-letters!", -EINVAL);
	check_refused(&type, "4x", -EINVAL);
}
END_TEST

START_TEST(an_interface_by_any_name_that_the_kernel_takes_is_found_and_is_safe_to_print)
{
	struct emf_value_type type = of(EMF_NETDEV);
	struct ifreq request = { .ifr_name = "lo" };
	int fd;

	if (unshare(CLONE_NEWNET)) /* needs root; the name of an own lo may be changed */
		return;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	strcpy(request.ifr_newname, "7\033[31m");
	ck_assert_int_eq(ioctl(fd, SIOCSIFNAME, &request), 0);
	close(fd);
	ck_assert_int_eq(parse(&type, "7\033[31m"), 0);
	ck_assert_uint_eq(emf_value_load(&type, VALUE), 1);
	ck_assert_str_eq(format(&type), "7\\x1b[31m");
	ck_assert_str_eq(added(EMF_FORM_JSON, &type), "\"7\\u001b[31m\"");
}
END_TEST

START_TEST(errors_and_signals_have_the_names_of_the_c_library)
{
	struct emf_value_type error = of(EMF_ERRNO), signo = of(EMF_SIGNO);
	char number[16], name[32];

	for (int i = 1; i < 134; i++) {
		const char *wanted = strerrorname_np(i);

		snprintf(number, sizeof(number), "-%d", i);
		check_as(&error, number, wanted ? wanted : number);
		if (wanted)
			check_as(&error, wanted, wanted);
		ck_assert_int_eq((int64_t)emf_value_load(&error, VALUE), -i);
	}
	for (int i = 1; i < 32; i++) {
		snprintf(name, sizeof(name), "SIG%s", i == SIGIO ? "IO" : sigabbrev_np(i)); /* SIGPOLL is the same */
		snprintf(number, sizeof(number), "%d", i);
		check_as(&signo, number, name);
		check_as(&signo, name, name);
		check_as(&signo, name + 3, name);
		ck_assert_uint_eq(emf_value_load(&signo, VALUE), (uint64_t)i);
	}
}
END_TEST

START_TEST(a_wait_status_is_what_a_shell_would_tell_of_it)
{
	struct emf_value_type status = of(EMF_WAIT_STATUS);
	int32_t with_core = 0x80 | SIGSEGV;
	char text[EMF_VALUE_TEXT_MAX];

	check_as(&status, "0", "0");
	check_as(&status, "255", "255");
	check_as(&status, "SIGKILL", "SIGKILL");
	check_as(&status, "KILL", "SIGKILL");
	check_as(&status, "ENOENT", "ENOENT");
	check_refused(&status, "256", -ERANGE);
	check_refused(&status, "ENOTHING", -EINVAL);
	check_refused(&status, "killed", -EINVAL);
	ck_assert_str_eq(emf_value_format(&status, &with_core, text), "SIGSEGV");
}
END_TEST

START_TEST(what_is_no_error_or_signal_is_refused)
{
	struct emf_value_type error = of(EMF_ERRNO), signo = of(EMF_SIGNO);
	static const char *const bad[] = { "", "?", "enoent", "SIG", "ENO", "TERMS", "-", "x" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		check_refused(&error, bad[i], -EINVAL);
		check_refused(&signo, bad[i], -EINVAL);
	}
	check_refused(&error, "2", -EINVAL);
	check_refused(&error, "-2147483649", -ERANGE);
	check_refused(&signo, "65", -ERANGE);
	check_refused(&signo, "-1", -ERANGE);
	check_as(&error, "ENOTSUP", "EOPNOTSUPP");
	check_as(&error, "0", "0");
	check_as(&error, "-4000", "-4000");
	check_as(&signo, "0", "0");
	check_as(&signo, "34", "34");
}
END_TEST

START_TEST(an_address_of_either_kind_is_kept_as_ipv6_and_written_as_what_it_is)
{
	static const char *const bad[] = { "", "10.0.0", "10.0.0.256", "fe80::1%lo", "localhost", "10.0.0.1/8" };
	struct emf_value_type type = of(EMF_IP);
	unsigned char wanted[16];

	inet_pton(AF_INET6, "::ffff:10.0.0.1", wanted);
	check_as(&type, "10.0.0.1", "10.0.0.1");
	ck_assert_mem_eq(VALUE, wanted, 16);
	check_as(&type, "::ffff:10.0.0.1", "10.0.0.1");
	check_as(&type, "fe80::1", "fe80::1");
	check_as(&type, "::", "::");
	check_as(&type, "0.0.0.0", "0.0.0.0");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		check_refused(&type, bad[i], -EINVAL);
}
END_TEST

static const struct {
	enum emf_type type;
	size_t size;
	const char *text, *printed; /* in another case, and as it is */
	uint64_t number;
	const char *unnamed, *large;
} constants[] = {
	{ EMF_TCP_STATE, 1, "established", "ESTABLISHED", 1, "99", "256" },
	{ EMF_TCP_STATE, 4, "NEW_SYN_RECV", "NEW_SYN_RECV", 12, "4294967295", "4294967296" },
	{ EMF_IPPROTO, 1, "TCP", "tcp", 6, "99", "256" },
	{ EMF_IPPROTO, 2, "mptcp", "mptcp", 262, "65535", "65536" },
	{ EMF_SYSCALL, 4, "openat", "openat", SYS_openat, "100000", "4294967296" },
	{ EMF_SYSCALL, 8, "bpf", "bpf", SYS_bpf, "18446744073709551615", "18446744073709551616" },
	{ EMF_CAP, 4, "net_admin", "CAP_NET_ADMIN", 12, "63", "4294967296" },
	{ EMF_CAP, 4, "CAP_CHECKPOINT_RESTORE", "CAP_CHECKPOINT_RESTORE", 40, "41", "-1" },
};

START_TEST(a_constant_of_the_kernel_has_a_name_in_any_case_and_one_without_is_a_number)
{
	struct emf_value_type type = { .type = constants[_i].type, .size = constants[_i].size };
	char number[24];

	snprintf(number, sizeof(number), "%" PRIu64, constants[_i].number);
	check_as(&type, constants[_i].text, constants[_i].printed);
	ck_assert_uint_eq(emf_value_load(&type, VALUE), constants[_i].number);
	check_as(&type, number, constants[_i].printed);
	check_as(&type, constants[_i].unnamed, constants[_i].unnamed);
	check_refused(&type, constants[_i].large, -ERANGE);
	check_refused(&type, "no_such_name", -EINVAL);
	check_refused(&type, "", -EINVAL);
	check_refused(&type, "CAP_", -EINVAL);
}
END_TEST

START_TEST(each_name_of_a_constant_is_read_back_as_its_number)
{
	static const enum emf_type types[] = { EMF_TCP_STATE, EMF_IPPROTO, EMF_SYSCALL, EMF_CAP };

	for (size_t t = 0; t < sizeof(types) / sizeof(*types); t++) {
		size_t n = 0;

		for (uint64_t i = 0; i < 10000; i++) {
			const char *name = emf_constant_name(types[t], i);
			uint64_t back = 0;

			if (!name)
				continue;
			n++;
			ck_assert_int_eq(emf_constant_find(types[t], name, &back), 0);
			ck_assert_uint_eq(back, i);
		}
		ck_assert_uint_ge(n, 12);
	}
}
END_TEST

START_TEST(a_device_is_its_two_numbers)
{
	static const char *const bad[] = { "", ":", "8:", ":1", "8:1:1", "8: 1", " 8:1", "-8:1", "8:-1", "sda", "99999999999:1" };
	struct emf_value_type type = of(EMF_DEV);

	check_as(&type, "8:1", "8:1");
	ck_assert_uint_eq(emf_value_load(&type, VALUE), 8u << 20 | 1);
	check_as(&type, "8388609", "8:1");
	check_as(&type, "4095:1048575", "4095:1048575");
	check_as(&type, "0", "0:0");
	check_refused(&type, "4096:0", -ERANGE);
	check_refused(&type, "0:1048576", -ERANGE);
	check_refused(&type, "/dev/null", -ENOENT); /* no block device */
	check_refused(&type, "/no/such/device", -ENOENT);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		check_refused(&type, bad[i], -EINVAL);
}
END_TEST

START_TEST(a_user_without_a_name_is_a_number)
{
	struct emf_value_type type = of(EMF_UID);

	check_as(&type, "root", "root");
	check_as(&type, "0", "root");
	check_as(&type, "4294967294", "4294967294");
	check_as(&type, "4294967295", "4294967295");
	check_refused(&type, "4294967296", -ERANGE);
	check_refused(&type, "Root", -EINVAL);
	check_refused(&type, "no such user", -EINVAL);
	check_refused(&type, "", -EINVAL);
	check_refused(&type, "-1", -ERANGE);
}
END_TEST

static const struct {
	enum emf_type type;
	const char *text, *table, *json, *csv;
} forms[] = {
	{ EMF_UID, "root", "root", "0", "0" },
	{ EMF_IP, "10.0.0.1", "10.0.0.1", "\"10.0.0.1\"", "10.0.0.1" },
	{ EMF_IP, "fe80::1", "fe80::1", "\"fe80::1\"", "fe80::1" },
	{ EMF_TCP_STATE, "LISTEN", "LISTEN", "\"LISTEN\"", "LISTEN" },
	{ EMF_TCP_STATE, "99", "99", "\"99\"", "99" },
	{ EMF_IPPROTO, "17", "udp", "\"udp\"", "udp" },
	{ EMF_SYSCALL, "openat", "openat", "\"openat\"", "openat" },
	{ EMF_CAP, "BPF", "CAP_BPF", "\"CAP_BPF\"", "CAP_BPF" },
	{ EMF_DEV, "8:1", "8:1", "\"8:1\"", "8:1" },
	{ EMF_NETDEV, "lo", "lo", "\"lo\"", "lo" },
	{ EMF_CGROUP, "18446744073709551614", "18446744073709551614", "\"18446744073709551614\"", "18446744073709551614" },
	{ EMF_CONTAINER, "18446744073709551614", "-", "null", "" },
};

START_TEST(a_value_is_a_name_for_people_and_one_kind_of_json_for_programs)
{
	struct emf_value_type type = { .type = forms[_i].type };
	struct emf_member member = { .type = forms[_i].type, .size = (uint32_t)emf_value_size(&type), .count = 1 };
	json_t *json, *wanted = json_loads(forms[_i].json, JSON_DECODE_ANY, NULL);

	ck_assert_int_eq(parse(&type, forms[_i].text), 0);
	ck_assert_str_eq(added(EMF_FORM_TABLE, &type), forms[_i].table);
	ck_assert_str_eq(added(EMF_FORM_JSON, &type), forms[_i].json);
	ck_assert_str_eq(added(EMF_FORM_CSV, &type), forms[_i].csv);
	json = emf_record_value_to_json(&member, VALUE);
	ck_assert_msg(json_equal(json, wanted), "on the bus %s is something else", forms[_i].json);
	json_decref(json);
	json_decref(wanted);
}
END_TEST

START_TEST(a_group_that_nobody_knows_is_a_number_and_of_no_container)
{
	struct emf_value_type cgroup = of(EMF_CGROUP), container = of(EMF_CONTAINER);

	check_as(&cgroup, "18446744073709551614", "18446744073709551614");
	check_as(&cgroup, "0", "0");
	check_as(&container, "18446744073709551614", "-");
	check_as(&container, "0", "-");
	check_refused(&container, "/no/such/cgroup", -ENOENT);
	check_refused(&container, "3f2a", -EINVAL);
}
END_TEST

START_TEST(a_cgroup_that_is_not_there_and_a_symbol_that_is_none_are_refused)
{
	struct emf_value_type cgroup = of(EMF_CGROUP), ksym = of(EMF_KSYM);

	check_refused(&cgroup, "/no/such/cgroup", -ENOENT);
	check_refused(&cgroup, "/../../../../../../tmp", -ENOENT); /* leads out of cgroupfs */
	check_refused(&cgroup, "name", -EINVAL);
	check_refused(&cgroup, "", -EINVAL);
	check_as(&cgroup, "4711", "4711");
	check_refused(&ksym, "no_such_symbol_at_all", -ENOENT);
	check_refused(&ksym, "", -EINVAL);
	check_refused(&ksym, "-1", -EINVAL);
	check_as(&ksym, "0xffffffff81000000", "0xffffffff81000000");
}
END_TEST

/* --- names, flags, texts */

START_TEST(a_value_of_an_enum_has_a_name_and_one_without_is_printed_as_a_number)
{
	check_as(&colour, "BLUE", "BLUE");
	check_as(&colour, "GREEN", "GREEN");
	check_refused(&colour, "BLU", -EINVAL);
	check_refused(&colour, "BLUES", -EINVAL);
	check_refused(&colour, "1", -EINVAL);
	check_refused(&colour, "", -EINVAL);
	emf_value_store(&colour, VALUE, 65535);
	ck_assert_str_eq(format(&colour), "65535");
}
END_TEST

START_TEST(an_enum_with_a_negative_value_has_a_sign)
{
	check_as(&side, "LEFT", "LEFT");
	ck_assert_uint_eq(*VALUE, 0xff);
	emf_value_store(&side, VALUE, (uint64_t)-2);
	ck_assert_str_eq(format(&side), "-2");
	emf_value_store(&side, VALUE, 2);
	ck_assert_str_eq(format(&side), "2");
}
END_TEST

START_TEST(flags_are_joined_and_bits_without_a_name_are_printed_as_a_number)
{
	check_as(&part, "BODY|HEAD", "HEAD|BODY");
	check_as(&part, "HEAD|HEAD", "HEAD");
	check_as(&part, "0", "0");
	check_refused(&part, "", -EINVAL);
	check_refused(&part, "HEAD|", -EINVAL);
	check_refused(&part, "|HEAD", -EINVAL);
	check_refused(&part, "HEAD|0", -EINVAL);
	check_refused(&part, "HEAD BODY", -EINVAL);
	emf_value_store(&part, VALUE, 0x80000012);
	ck_assert_str_eq(format(&part), "BODY|0x80000010");
	check_as(&part, "BODY|0x80000010", "BODY|0x80000010");
	check_as(&part, "0x10", "0x10");
	check_refused(&part, "0x", -EINVAL);
	check_refused(&part, "16", -EINVAL);
	check_refused(&part, "HEAD|0x100000000", -ERANGE);
	check_refused(&part, "0x00000000000000000000001", -EINVAL);
	emf_value_store(&part, VALUE, 0x10);
	ck_assert_str_eq(format(&part), "0x10");
}
END_TEST

START_TEST(a_text_keeps_its_end_and_what_is_printed_drives_no_terminal)
{
	struct emf_value_type text = of(EMF_STRING), comm = of(EMF_COMM), one = of(EMF_CHAR);

	check_as(&text, "seven77", "seven77");
	check_as(&text, "", "");
	check_refused(&text, "eight888", -ERANGE);
	check_as(&text, "\033[2J\n\x7f", "\\x1b[2J\\n\\x7f");
	check_as(&comm, "fifteen-letters", "fifteen-letters");
	check_refused(&comm, "sixteen-letters!", -ERANGE);
	memset(VALUE, 'x', 16); /* without an end */
	ck_assert_str_eq(format(&comm), "xxxxxxxxxxxxxxxx");
	check_as(&one, "x", "x");
	check_as(&one, "", "");
	check_as(&one, "\033", "\\x1b");
	check_refused(&one, "xy", -EINVAL);
}
END_TEST

START_TEST(a_long_text_is_cut_when_it_is_printed)
{
	struct emf_value_type type = { .type = EMF_STRING, .size = EMF_VALUE_MAX };
	static char long_text[EMF_VALUE_MAX], text[EMF_VALUE_TEXT_MAX];

	memset(long_text, '\033', sizeof(long_text) - 1);
	emf_value_format(&type, long_text, text);
	ck_assert_uint_lt(strlen(text), sizeof(text));
	ck_assert_uint_gt(strlen(text), sizeof(text) - 5);
}
END_TEST

/* --- times */

START_TEST(a_duration_is_printed_in_the_largest_unit_that_loses_nothing)
{
	struct emf_value_type type = of(EMF_DURATION);

	check_as(&type, "90s", "90s");
	check_as(&type, "120s", "2m");
	check_as(&type, "1500us", "1500us");
	check_as(&type, "3600000ms", "1h");
	check_as(&type, "0s", "0");
	check_as(&type, "18446744073709551615ns", "18446744073709551615ns");
	check_refused(&type, "5", -EINVAL);
	check_refused(&type, "18446744073709551616ns", -ERANGE);
	check_refused(&type, "5124096h", -ERANGE);
}
END_TEST

START_TEST(times_are_read_as_numbers_and_printed_for_people)
{
	struct emf_value_type wall = of(EMF_WALL), ns = of(EMF_NS);
	char clock[16];

	check_as(&wall, "1000000000123456789", "2001-09-09T01:46:40.123456789Z");
	check_as(&wall, "0", "1970-01-01T00:00:00.000000000Z");
	check_as(&wall, "18446744073709551615", "2554-07-21T23:34:33.709551615Z");
	ck_assert_int_eq(parse(&ns, "1"), 0);
	ck_assert_uint_eq(strlen(format(&ns)), strlen(emf_clock(clock, 1)));
}
END_TEST

START_TEST(what_is_in_messages_only_cannot_be_written)
{
	static const enum emf_type types[] = { EMF_STRUCT, EMF_U128, EMF_S128, EMF_HEX, EMF_FD, EMF_MAP_FD, EMF_PROG_FD };

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		struct emf_value_type type = of(types[i]);

		check_refused(&type, "1", -EINVAL);
	}
}
END_TEST

START_TEST(a_bit_field_is_the_number_that_its_bits_are)
{
	const uint32_t word = 5u | 17u << 3 | 0xeu << 8 | 1u << 31; /* 3, 5, 4 bits, and the last one */
	const uint64_t all = UINT64_MAX - 1;
	struct emf_value_type u = { .type = EMF_U32, .size = 4, .bits = 3 }, s = { .type = EMF_S32, .size = 4, .bits = 4, .shift = 8 };
	struct emf_value_type whole = { .type = EMF_S64, .size = 8, .bits = 64 };
	char text[EMF_VALUE_TEXT_MAX];

	ck_assert_uint_eq(emf_value_load(&u, &word), 5);
	u.bits = 5;
	u.shift = 3;
	ck_assert_str_eq(emf_value_format(&u, &word, text), "17");
	ck_assert_str_eq(emf_value_format(&s, &word, text), "-2");
	u.bits = 1;
	u.shift = 31;
	ck_assert_uint_eq(emf_value_load(&u, &word), 1);
	ck_assert_str_eq(emf_value_format(&whole, &all, text), "-2");
}
END_TEST

START_TEST(numbers_of_128_bits_are_printed_whole)
{
	static const struct {
		unsigned __int128 value;
		enum emf_type type;
		const char *text;
	} cases[] = {
		{ 0, EMF_U128, "0" },
		{ (unsigned __int128)UINT64_MAX + 1, EMF_U128, "18446744073709551616" },
		{ (unsigned __int128)10000000000000000000u, EMF_U128, "10000000000000000000" },
		{ (unsigned __int128)10000000000000000000u * 10000000000000000000u, EMF_U128, "100000000000000000000000000000000000000" },
		{ ~(unsigned __int128)0, EMF_U128, "340282366920938463463374607431768211455" },
		{ ~(unsigned __int128)0, EMF_S128, "-1" },
		{ (unsigned __int128)1 << 127, EMF_S128, "-170141183460469231731687303715884105728" },
	};
	char text[EMF_VALUE_TEXT_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct emf_value_type type = of(cases[i].type);

		ck_assert_str_eq(emf_value_format(&type, &cases[i].value, text), cases[i].text);
	}
}
END_TEST

START_TEST(what_has_no_meaning_is_printed_as_its_bytes)
{
	static const unsigned char bytes[400] = { 0x00, 0x0a, 0xff };
	struct emf_value_type type = { .type = EMF_HEX, .size = 3 };
	char text[EMF_VALUE_TEXT_MAX];

	ck_assert_str_eq(emf_value_format(&type, bytes, text), "000aff");
	type.size = sizeof(bytes);
	ck_assert_uint_eq(strlen(emf_value_format(&type, bytes, text)), EMF_VALUE_TEXT_MAX - 2);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("value");
	TCase *c = tcase_create("values");

	tcase_add_loop_test(c, a_number_ends_where_its_type_does, 0, sizeof(widths) / sizeof(*widths));
	tcase_add_test(c, what_is_stored_in_network_order_is_what_the_network_sends);
	tcase_add_test(c, a_number_keeps_its_sign_when_it_is_loaded);
	tcase_add_loop_test(c, an_address_is_read_and_printed_as_the_c_library_does, 0, sizeof(addresses) / sizeof(*addresses));
	tcase_add_test(c, what_is_no_address_is_refused);
	tcase_add_test(c, an_interface_is_named_or_numbered);
	tcase_add_test(c, an_interface_by_any_name_that_the_kernel_takes_is_found_and_is_safe_to_print);
	tcase_add_test(c, errors_and_signals_have_the_names_of_the_c_library);
	tcase_add_test(c, what_is_no_error_or_signal_is_refused);
	tcase_add_test(c, a_wait_status_is_what_a_shell_would_tell_of_it);
	tcase_add_test(c, an_address_of_either_kind_is_kept_as_ipv6_and_written_as_what_it_is);
	tcase_add_loop_test(c, a_constant_of_the_kernel_has_a_name_in_any_case_and_one_without_is_a_number, 0, sizeof(constants) / sizeof(*constants));
	tcase_add_test(c, each_name_of_a_constant_is_read_back_as_its_number);
	tcase_add_test(c, a_device_is_its_two_numbers);
	tcase_add_loop_test(c, a_value_is_a_name_for_people_and_one_kind_of_json_for_programs, 0, sizeof(forms) / sizeof(*forms));
	tcase_add_test(c, a_group_that_nobody_knows_is_a_number_and_of_no_container);
	tcase_add_test(c, a_user_without_a_name_is_a_number);
	tcase_add_test(c, a_cgroup_that_is_not_there_and_a_symbol_that_is_none_are_refused);
	tcase_add_test(c, a_value_of_an_enum_has_a_name_and_one_without_is_printed_as_a_number);
	tcase_add_test(c, an_enum_with_a_negative_value_has_a_sign);
	tcase_add_test(c, flags_are_joined_and_bits_without_a_name_are_printed_as_a_number);
	tcase_add_test(c, a_text_keeps_its_end_and_what_is_printed_drives_no_terminal);
	tcase_add_test(c, a_long_text_is_cut_when_it_is_printed);
	tcase_add_test(c, a_duration_is_printed_in_the_largest_unit_that_loses_nothing);
	tcase_add_test(c, times_are_read_as_numbers_and_printed_for_people);
	tcase_add_test(c, what_is_in_messages_only_cannot_be_written);
	tcase_add_test(c, a_bit_field_is_the_number_that_its_bits_are);
	tcase_add_test(c, numbers_of_128_bits_are_printed_whole);
	tcase_add_test(c, what_has_no_meaning_is_printed_as_its_bytes);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
