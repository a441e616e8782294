/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf/type.h - types of values, as data: what a parameter is read as, and what the
 * members of a record are printed as.
 */
#ifndef EMF_TYPE_H
#define EMF_TYPE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The C type of each is in emf-idl(5). */
enum emf_type {
	EMF_BOOL,     /* one byte, 0 or 1; written yes, no */
	EMF_U8,
	EMF_U16,
	EMF_U32,
	EMF_U64,
	EMF_S8,
	EMF_S16,
	EMF_S32,
	EMF_S64,
	EMF_BE16,     /* network order; written as a plain number */
	EMF_BE32,
	EMF_BE64,
	EMF_CHAR,
	EMF_ARGV,     /* char; as a bounded array the arguments of a program, each with a NUL behind it */
	EMF_STRING,   /* char[size], NUL-terminated */
	EMF_COMM,     /* char[16], NUL-terminated; of a task */
	EMF_DURATION, /* uint64_t, nanoseconds; written 5ms, 1s, 2m */
	EMF_NS,	      /* uint64_t, monotonic; written as the time of day */
	EMF_WALL,     /* uint64_t, nanoseconds since 1970 */
	EMF_IP4,      /* __be32; written 10.0.0.1 */
	EMF_IP6,      /* __be32[4]; written fe80::1 */
	EMF_MAC,      /* uint8_t[6]; written 02:00:00:00:00:01 */
	EMF_PID,      /* uint32_t */
	EMF_UID,      /* uint32_t; read as a name of the password file, or a number */
	EMF_NETDEV,   /* uint32_t, index of an interface; written eth0 */
	EMF_ERRNO,    /* int32_t, 0 or negative; written ENOENT */
	EMF_SIGNO,    /* int32_t; written SIGTERM */
	EMF_WAIT_STATUS, /* int32_t, of wait(2), or a negative errno; written 3, SIGKILL, ENOENT */
	EMF_KSYM,     /* uint64_t, an address in the kernel */
	EMF_CGROUP,   /* uint64_t, the id of a cgroup; written as its path */
	EMF_CONTAINER, /* uint64_t, the id of a cgroup; written as the container that it is of */
	EMF_IP,       /* __be32[4], IPv6, or IPv4 as ::ffff:10.0.0.1; written fe80::1, 10.0.0.1 */
	EMF_TCP_STATE, /* size bytes, 1 in a description; written ESTABLISHED */
	EMF_IPPROTO,  /* size bytes, 1 in a description; written tcp */
	EMF_SYSCALL,  /* size bytes, 4 in a description; written openat */
	EMF_CAP,      /* size bytes, 4 in a description; written CAP_NET_ADMIN */
	EMF_DEV,      /* uint32_t, as the kernel has it: major << 20 | minor; written 8:1 */
	EMF_ENUM,     /* size bytes; written by name */
	EMF_FLAGS,    /* size bytes; written by names joined with '|' */
	EMF_STRUCT,   /* of members; in records only */
	EMF_U128,     /* in records only, as those that follow */
	EMF_S128,
	EMF_HEX,      /* size bytes of no known meaning; written as hexadecimal digits in their order */
	EMF_FD,	      /* in messages only */
	EMF_MAP_FD,    /* read-only */
	EMF_MAP_FD_RW,
	EMF_PROG_FD,
};

/**
 * struct emf_name - a value of an enum or of flags
 * @name: as it is written; NULL ends a table
 * @value: sign-extended
 */
struct emf_name {
	const char *name;
	uint64_t value;
};

/**
 * struct emf_kernel_enum - an enum of the kernel, which each release may number otherwise
 * @type: "skb_drop_reason"; NULL ends a table
 * @built: its names, with the numbers that they have where the kernel part was compiled
 * @names: as many, which get the numbers of the kernel that runs
 *
 * Since: 0.1
 */
struct emf_kernel_enum {
	const char *type;
	const struct emf_name *built;
	struct emf_name *names;
};

struct emf_record;

/**
 * struct emf_range - bounds of a number
 * @min: smallest value that the description allows
 * @max: largest one
 */
struct emf_range {
	int64_t min;
	int64_t max;
};

/**
 * struct emf_member - a member of a record
 * @name: as it is declared
 * @offset: in bytes
 * @size: of one element, in bytes
 * @count: of elements; 1 if it is no array
 * @len_offset: see @bounded
 * @names: of an enum or of flags, else NULL
 * @record: of a struct, else NULL
 * @range: of a number that has one, else NULL
 * @initial: the default as it is written, of each element; NULL without one
 * @type: see there
 * @bounded: the first 4 bytes at @len_offset say how many elements are used
 * @bits: of a bit-field, else 0
 * @shift: bits of lower value before them, in the number that the @size bytes are
 */
struct emf_member {
	const char *name;
	uint32_t offset;
	uint32_t size;
	uint32_t count;
	uint32_t len_offset;
	const struct emf_name *names;
	const struct emf_record *record;
	const struct emf_range *range;
	const char *initial;
	enum emf_type type : 8;
	uint8_t bounded;
	uint8_t bits;
	uint8_t shift;
};

/**
 * struct emf_record - a struct of the interface language
 * @name: as it is declared
 * @size: in bytes
 * @fixed: bytes before the elements of a bounded array at its end; @size without one
 * @n: number of members
 * @members: without the padding that was inserted, and without lengths of arrays
 */
struct emf_record {
	const char *name;
	uint32_t size;
	uint32_t fixed;
	size_t n;
	const struct emf_member *members;
};

#ifdef __cplusplus
}
#endif

#endif
