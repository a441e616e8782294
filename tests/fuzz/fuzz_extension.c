// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * fuzz_extension.c - files that say they are extensions. Those of the corpus are a module in C, linked as make does.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <string.h>

#include "core.h"
#include "extension.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct emf_product product = { .name = "fuzz" };
	struct emf_extension_lines lines;
	char why[EMF_EXTENSION_WHY_MAX] = "";
	int fd = open(input_file(data, size), O_RDONLY | O_CLOEXEC);
	int err = emf_extension_file_read(fd, &lines, why);

	close(fd);
	fuzz_assert(!err == !!lines.lines);
	fuzz_assert(!err || strnlen(why, sizeof(why)) < sizeof(why));
	if (err)
		return 0;
	fuzz_assert(lines.n && lines.lines[0].kind == EMF_EXTENSION_BEGIN);
	for (size_t i = 0; i < lines.n; i++)
		fuzz_assert(strnlen(lines.lines[i].name, EMF_EXTENSION_NAME_MAX) < EMF_EXTENSION_NAME_MAX &&
			    strnlen(lines.lines[i].version, EMF_EXTENSION_VERSION_MAX) < EMF_EXTENSION_VERSION_MAX);
	emf_extension_check(&product, &lines, why);
	emf_extension_file_free(&lines);
	return 0;
}
