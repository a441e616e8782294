// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * main.c - where a product begins.
 */
#include "command.h"

int main(int argc, char **argv)
{
	return emf_main(&emf_product, argc, argv);
}
