/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * typed.h - a record with a member of each type: what people write of it, and ask about it.
 */
#ifndef EMF_TESTS_FUZZ_TYPED_H
#define EMF_TESTS_FUZZ_TYPED_H

#include "records.h"

struct typed {
	uint64_t number, container, took, at, wall, cgroup, ksym;
	int64_t level;
	uint32_t addr6[4], addr[4];
	uint32_t addr4, pid, uid, netdev, dev, flags, call, cap;
	int32_t error, signal, status;
	uint16_t port, list[3];
	uint8_t kind, is_on, state, proto, mac[6], bits;
	char name[8], comm[16];
	uint32_t text_len;
	char text[12];
	uint32_t args_len;
	char args[16];
	struct point point;
	uint32_t points_len;
	struct point points[3];
};

#define OF(kind_, member_) .name = #member_, .type = kind_, ONE(typed, member_)

/* With a default for most, so that a short text is enough. */
static const struct emf_member typed_members[] = {
	{ OF(EMF_CONTAINER, container) },
	{ OF(EMF_U8, bits), .bits = 3, .shift = 2 },
	{ OF(EMF_U64, number), .initial = "1" },
	{ OF(EMF_DURATION, took), .initial = "5ms" },
	{ OF(EMF_NS, at), .initial = "0" },
	{ OF(EMF_WALL, wall), .initial = "0" },
	{ OF(EMF_CGROUP, cgroup), .initial = "0" },
	{ OF(EMF_KSYM, ksym), .initial = "0" },
	{ OF(EMF_S64, level), .initial = "-3", .range = &(const struct emf_range){ -100, 100 } },
	{ OF(EMF_IP6, addr6), .initial = "::1" },
	{ OF(EMF_IP, addr), .initial = "::ffff:10.0.0.1" },
	{ OF(EMF_IP4, addr4), .initial = "10.0.0.1" },
	{ OF(EMF_PID, pid), .initial = "1" },
	{ OF(EMF_UID, uid), .initial = "0" },
	{ OF(EMF_NETDEV, netdev), .initial = "1" },
	{ OF(EMF_DEV, dev), .initial = "8:1" },
	{ OF(EMF_FLAGS, flags), .names = flag_names, .initial = "0" },
	{ OF(EMF_SYSCALL, call), .initial = "0" },
	{ OF(EMF_CAP, cap), .initial = "0" },
	{ OF(EMF_ERRNO, error), .initial = "ENOENT" },
	{ OF(EMF_SIGNO, signal), .initial = "SIGTERM" },
	{ OF(EMF_WAIT_STATUS, status), .initial = "0" },
	{ OF(EMF_BE16, port), .initial = "80" },
	{ .name = "list", .type = EMF_U16, .offset = offsetof(struct typed, list), .size = 2, .count = 3, .initial = "1" },
	{ OF(EMF_ENUM, kind), .names = kind_names, .initial = "plain" },
	{ OF(EMF_BOOL, is_on), .initial = "no" },
	{ OF(EMF_TCP_STATE, state), .initial = "1" },
	{ OF(EMF_IPPROTO, proto), .initial = "6" },
	{ OF(EMF_MAC, mac), .initial = "02:00:00:00:00:01" },
	{ OF(EMF_STRING, name), .initial = "x" },
	{ OF(EMF_COMM, comm), .initial = "x" },
	{ .name = "text", .type = EMF_CHAR, MANY(typed, text, 1, 12), .initial = "" },
	{ .name = "args", .type = EMF_ARGV, MANY(typed, args, 1, 16), .initial = "" },
	{ OF(EMF_STRUCT, point), .record = &point_record },
	{ .name = "points", .type = EMF_STRUCT, MANY(typed, points, sizeof(struct point), 3), .record = &point_record, .initial = "" },
};
static const struct emf_record typed_record __attribute__((unused)) = { "typed", sizeof(struct typed), offsetof(struct typed, points),
									sizeof(typed_members) / sizeof(*typed_members), typed_members };
/* Without the first two: a bit-field is in events only, and of a container is shown what nobody can write. */
static const struct emf_record sent_record __attribute__((unused)) = { "sent", sizeof(struct typed), offsetof(struct typed, points),
								       sizeof(typed_members) / sizeof(*typed_members) - 2, typed_members + 2 };

#endif
