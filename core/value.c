// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * value.c - values of each type: their size, and as numbers.
 */
#include "value.h"

#include <endian.h>
#include <string.h>

/* 0 for those whose size is not fixed. */
static const unsigned char sizes[] = {
	[EMF_BOOL] = 1, [EMF_U8] = 1,	[EMF_U16] = 2,	  [EMF_U32] = 4, [EMF_U64] = 8,	   [EMF_S8] = 1,
	[EMF_S16] = 2,	[EMF_S32] = 4,	[EMF_S64] = 8,	  [EMF_BE16] = 2, [EMF_BE32] = 4,  [EMF_BE64] = 8,
	[EMF_CHAR] = 1, [EMF_ARGV] = 1, [EMF_COMM] = 16, [EMF_DURATION] = 8, [EMF_NS] = 8, [EMF_WALL] = 8, [EMF_IP4] = 4,
	[EMF_IP6] = 16, [EMF_MAC] = 6,	[EMF_PID] = 4,	  [EMF_UID] = 4, [EMF_NETDEV] = 4, [EMF_ERRNO] = 4,
	[EMF_SIGNO] = 4, [EMF_WAIT_STATUS] = 4, [EMF_KSYM] = 8, [EMF_CGROUP] = 8, [EMF_CONTAINER] = 8, [EMF_IP] = 16, [EMF_DEV] = 4,
	[EMF_U128] = 16, [EMF_S128] = 16, [EMF_FD] = 4, [EMF_MAP_FD] = 4, [EMF_MAP_FD_RW] = 4, [EMF_PROG_FD] = 4,
};

/* Kernel parts keep the same number in as many bytes as they like: these are what a description says. */
static size_t usual_size(enum emf_type type)
{
	switch (type) {
	case EMF_TCP_STATE:
	case EMF_IPPROTO:
		return 1;
	case EMF_SYSCALL:
	case EMF_CAP:
		return 4;
	default:
		return 0;
	}
}

size_t emf_value_size(const struct emf_value_type *type)
{
	if (sizes[type->type])
		return sizes[type->type];
	return type->size ? type->size : usual_size(type->type);
}

bool emf_value_is_wide(enum emf_type type)
{
	return usual_size(type) || type == EMF_ENUM || type == EMF_FLAGS;
}

bool emf_value_is_signed(enum emf_type type)
{
	return (type >= EMF_S8 && type <= EMF_S64) || type == EMF_ERRNO || type == EMF_SIGNO || type == EMF_WAIT_STATUS;
}

bool emf_value_is_number(enum emf_type type)
{
	switch (type) {
	case EMF_BOOL:
	case EMF_STRING:
	case EMF_COMM:
	case EMF_IP4:
	case EMF_IP6:
	case EMF_IP:
	case EMF_MAC:
	case EMF_CHAR:
	case EMF_ARGV:
	case EMF_ENUM:
	case EMF_FLAGS:
	case EMF_STRUCT:
	case EMF_U128:
	case EMF_S128:
	case EMF_HEX:
		return false;
	default:
		return true;
	}
}

static uint64_t swap(const struct emf_value_type *type, uint64_t v)
{
	switch (type->type) {
	case EMF_BE16:
		return htobe16((uint16_t)v);
	case EMF_BE32:
		return htobe32((uint32_t)v);
	case EMF_BE64:
		return htobe64(v);
	default:
		return v;
	}
}

static uint64_t bits_of(const struct emf_value_type *type, uint64_t v, bool sign)
{
	unsigned int unused = 64 - type->bits;

	v = v >> type->shift << unused;
	return sign ? (uint64_t)((int64_t)v >> unused) : v >> unused;
}

uint64_t emf_value_load(const struct emf_value_type *type, const void *value)
{
	size_t size = emf_value_size(type);
	bool sign = emf_value_is_signed(type->type);
	uint64_t v = 0;
	uint32_t v4;
	uint16_t v2;

	if (size == 8) {
		memcpy(&v, value, 8);
	} else if (size == 4) {
		memcpy(&v4, value, 4);
		v = sign ? (uint64_t)(int32_t)v4 : v4;
	} else if (size == 2) {
		memcpy(&v2, value, 2);
		v = sign ? (uint64_t)(int16_t)v2 : v2;
	} else {
		v = sign ? (uint64_t)(int8_t)*(const unsigned char *)value : *(const unsigned char *)value;
	}
	return type->bits ? bits_of(type, v, sign) : swap(type, v);
}

void emf_value_store(const struct emf_value_type *type, void *value, uint64_t number)
{
	size_t size = emf_value_size(type);
	uint64_t v = swap(type, number);
	uint32_t v4 = (uint32_t)v;
	uint16_t v2 = (uint16_t)v;

	if (size == 8)
		memcpy(value, &v, 8);
	else if (size == 4)
		memcpy(value, &v4, 4);
	else if (size == 2)
		memcpy(value, &v2, 2);
	else
		*(unsigned char *)value = (unsigned char)v;
}

const unsigned char emf_value_mapped[12] = { [10] = 0xff, [11] = 0xff };

bool emf_value_is_mapped(const void *ip)
{
	return !memcmp(ip, emf_value_mapped, sizeof(emf_value_mapped));
}
