// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * sha256.c - the hash of FIPS 180-4. Its constants are made as that says: the first 32 bits of
 * the fractions of roots of the first primes.
 */
#include "sha256.h"

#include <stdbool.h>
#include <string.h>

#define BLOCK 64
#define ROUNDS 64

static uint32_t constants[ROUNDS], initial[8];

/* The largest x for which x^power <= prime * 2^(32 * power): 35 bits at most, of which the low 32 are the fraction. */
static uint32_t fraction_of_root(uint32_t prime, unsigned int power)
{
	uint64_t root = 0;

	for (int bit = 35; bit >= 0; bit--) {
		uint64_t x = root | 1ull << bit;
		unsigned __int128 square = (unsigned __int128)x * x;
		bool fits;

		/* x^3 has up to 108 bits. */
		fits = power == 2 ? square <= (unsigned __int128)prime << 64 : square * x <= (unsigned __int128)prime << 96;
		root = fits ? x : root;
	}
	return (uint32_t)root;
}

static void make_constants(void)
{
	unsigned int n = 0;

	for (uint32_t number = 2; n < ROUNDS; number++) {
		bool is_prime = true;

		for (uint32_t d = 2; d * d <= number; d++)
			is_prime &= number % d != 0;
		if (!is_prime)
			continue;
		if (n < 8)
			initial[n] = fraction_of_root(number, 2);
		constants[n++] = fraction_of_root(number, 3);
	}
}

static uint32_t turn(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

static uint32_t load(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Chapter 6.2.2. */
static void add_block(uint32_t state[8], const unsigned char *block)
{
	uint32_t w[ROUNDS], v[8];

	for (unsigned int t = 0; t < 16; t++)
		w[t] = load(block + t * 4);
	for (unsigned int t = 16; t < ROUNDS; t++) {
		uint32_t a = w[t - 15], b = w[t - 2];

		w[t] = (turn(b, 17) ^ turn(b, 19) ^ b >> 10) + w[t - 7] + (turn(a, 7) ^ turn(a, 18) ^ a >> 3) + w[t - 16];
	}
	memcpy(v, state, sizeof(v));
	for (unsigned int t = 0; t < ROUNDS; t++) {
		uint32_t e = v[4], a = v[0];
		uint32_t one = v[7] + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & v[5]) ^ (~e & v[6])) + constants[t] + w[t];
		uint32_t two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += one;
		v[0] = one + two;
	}
	for (unsigned int i = 0; i < 8; i++)
		state[i] += v[i];
}

void emf_sha256(const void *data, size_t size, unsigned char hash[EMF_SHA256_BYTES])
{
	const unsigned char *at = data;
	unsigned char last[2 * BLOCK] = { 0 };
	size_t left = size % BLOCK, end = left + 9 > BLOCK ? 2 * BLOCK : BLOCK;
	uint32_t state[8];

	if (!constants[0])
		make_constants();
	memcpy(state, initial, sizeof(state));
	for (size_t i = 0; i < size / BLOCK; i++, at += BLOCK)
		add_block(state, at);
	if (left)
		memcpy(last, at, left);
	last[left] = 0x80;
	for (unsigned int i = 0; i < 8; i++)
		last[end - 1 - i] = (unsigned char)((uint64_t)size * 8 >> 8 * i);
	for (size_t i = 0; i < end; i += BLOCK)
		add_block(state, last + i);
	for (unsigned int i = 0; i < EMF_SHA256_BYTES; i++)
		hash[i] = (unsigned char)(state[i / 4] >> (24 - 8 * (i % 4)));
}
