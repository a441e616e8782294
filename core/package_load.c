// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * package_load.c - modules without native code, from a file.
 */
#include "package_load.h"

#include <emf/extension.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bus.h"
#include "caps.h"
#include "core.h"
#include "eunomia.h"
#include "package_btf.h"
#include "package_fetch.h"
#include "package_key.h"
#include "package_read.h"

struct emf_package_image {
	void *bytes; /* kernel parts and texts are used where they stand */
	struct emf_package package;
	struct emf_package_tables *tables;
	struct emf_extension extension;
	struct emf_package_kernel kernel;
};

static bool ends_with(const char *word, const char *suffix)
{
	size_t len = strlen(word), n = strlen(suffix);

	return len > n && !strcmp(word + len - n, suffix);
}

bool emf_package_is_path(const char *word)
{
	return !strcmp(word, "-") || emf_package_is_url(word) || ends_with(word, EMF_PACKAGE_SUFFIX) || ends_with(word, EMF_EUNOMIA_SUFFIX);
}

bool emf_package_is_allowed(int argc, char **argv)
{
	bool is_allowed = false;

	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		is_allowed |= !strcmp(argv[i], "--allow-unsigned");
	return is_allowed;
}

static bool is_in(const char *folder, size_t len, const char *rest, const char *name, char path[PATH_MAX])
{
	static const char *const suffixes[] = { EMF_PACKAGE_SUFFIX, EMF_EUNOMIA_SUFFIX };

	for (size_t i = 0; len && i < 2; i++)
		if (snprintf(path, PATH_MAX, "%.*s%s/%s%s", (int)len, folder, rest, name, suffixes[i]) < PATH_MAX && !access(path, F_OK))
			return true;
	return false;
}

bool emf_package_find(const char *name, char path[PATH_MAX])
{
	const char *folders = secure_getenv("EMF_PATH"), *home = secure_getenv("HOME");

	if (!*name || strchr(name, '/') || emf_package_is_path(name))
		return false;
	for (size_t len; folders && *folders; folders += len + (folders[len] == ':')) {
		len = strcspn(folders, ":");
		if (is_in(folders, len, "", name, path))
			return true;
	}
	return home && is_in(home, strlen(home), "/.local/share/emf", name, path);
}

/* --- bytes */

static int tell(char *why, int err)
{
	snprintf(why, EMF_PACKAGE_WHY_MAX, "it cannot be read: %s", strerror(-err));
	return err;
}

static int check_file(int fd, char *why)
{
	struct stat st;

	if (fstat(fd, &st))
		return tell(why, -errno);
	if (fd != STDIN_FILENO && !S_ISREG(st.st_mode)) {
		snprintf(why, EMF_PACKAGE_WHY_MAX, "it is no regular file");
		return -EINVAL;
	}
	if (!S_ISREG(st.st_mode) || st.st_size <= EMF_PACKAGE_MAX)
		return 0;
	snprintf(why, EMF_PACKAGE_WHY_MAX, "it has %lld bytes, and %u are allowed", (long long)st.st_size, EMF_PACKAGE_MAX);
	return -E2BIG;
}

/* As many as come, and one more than is allowed. */
static void *read_all(int fd, size_t *size, char *why)
{
	size_t room = 65536, at = 0;
	char *bytes = malloc(room), *more;
	ssize_t n = 1;

	while (bytes && n > 0 && at <= EMF_PACKAGE_MAX) {
		if (at == room) {
			more = realloc(bytes, room *= 2);
			if (!more)
				break;
			bytes = more;
		}
		n = read(fd, bytes + at, room - at);
		at += n > 0 ? (size_t)n : 0;
		n = n < 0 && errno == EINTR ? 1 : n;
	}
	if (bytes && !n) {
		*size = at;
		return bytes;
	}
	if (at > EMF_PACKAGE_MAX)
		snprintf(why, EMF_PACKAGE_WHY_MAX, "it has more than the %u bytes that are allowed", EMF_PACKAGE_MAX);
	else
		tell(why, n < 0 ? -errno : -ENOMEM);
	free(bytes);
	return NULL;
}

void *emf_package_slurp(const char *path, size_t *size, char why[EMF_PACKAGE_WHY_MAX])
{
	/* Without O_NONBLOCK a FIFO would wait for a writer. */
	int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : STDIN_FILENO;
	void *bytes;

	if (fd < 0) {
		tell(why, -errno);
		return NULL;
	}
	bytes = check_file(fd, why) ? NULL : read_all(fd, size, why);
	if (fd != STDIN_FILENO)
		close(fd);
	return bytes;
}

/* --- what it brings */

static bool is_same_service(const struct ebus_service *ours, const struct ebus_service *its)
{
	if (ours->hash != its->hash || ours->n_signals != its->n_signals)
		return false;
	for (size_t i = 0; i < its->n_signals; i++) {
		const struct ebus_message *a = &ours->signals[i].in, *b = &its->signals[i].in;

		/* A hash is what somebody wrote into a file: sizes are what memory is read by. */
		if (!a->record != !b->record || a->n_leaves != b->n_leaves ||
		    (a->record && (a->record->size != b->record->size || a->record->fixed != b->record->fixed)) ||
		    (a->n_leaves && memcmp(a->leaves, b->leaves, a->n_leaves * sizeof(*a->leaves)) != 0))
			return false;
	}
	return true;
}

/* A service that the product has already is the same one, or the package is for another product. */
static int check_services(const struct emf_package_tables *tables, char *why)
{
	for (size_t i = 0; i < tables->n_services; i++) {
		const struct ebus_service *its = tables->services[i], *ours = emf_bus_find(its->name);

		for (size_t j = 0; j < i; j++)
			if (!strcmp(tables->services[j]->name, its->name))
				ours = tables->services[j];
		if (!ours || is_same_service(ours, its))
			continue;
		snprintf(why, EMF_PACKAGE_WHY_MAX, "service %s is version %s there (schema %016llx) and %s here (%016llx): pack it again with this product",
			 its->name, its->version, (unsigned long long)its->hash, ours->version, (unsigned long long)ours->hash);
		return -EPROTO;
	}
	return 0;
}

/* Of another format, the package that says the same takes its place. */
static int convert(const struct emf *emf, struct emf_package_image *image, size_t *size, char *why)
{
	struct emf_bytes package = { 0 };
	int err = emf_eunomia_read(emf, image->bytes, *size, &package, why);

	if (err) {
		emf_bytes_free(&package);
		return err;
	}
	free(image->bytes);
	image->bytes = package.data;
	*size = package.size;
	return 0;
}

static int make(const struct emf *emf, struct emf_package_image *image, size_t size, char *why)
{
	int err = emf_eunomia_is(image->bytes, size) ? convert(emf, image, &size, why) : 0;

	if (!err)
		err = emf_package_open(image->bytes, size, &image->package, why);
	if (!err)
		err = emf_package_read(&image->package, &image->tables, why);
	if (!err)
		err = check_services(image->tables, why);
	if (err)
		return err;
	image->extension = (struct emf_extension){
		.modules = image->tables->modules,
		.modules_end = image->tables->modules + image->tables->n_modules,
		.services = image->tables->services,
		.services_end = image->tables->services + image->tables->n_services,
	};
	return 0;
}

/* Before anything of it is read but its length: who made it, where that matters. */
static int check_trust(struct emf *emf, const void *bytes, size_t size, char *why)
{
	const struct emf_package_signature *signature;
	bool is_json = emf_eunomia_is(bytes, size);
	char name[EMF_KEY_NAME_MAX];
	int err;

	if (emf->allows_unsigned || emf->file_allows_unsigned || (!emf->serving && !emf_caps_is_privileged()))
		return 0;
	/* JSON has no place for a signature. */
	err = is_json ? -ENOKEY : emf_signature_check(emf, bytes, size, &signature, why);
	if (err == -ENOKEY)
		snprintf(why, EMF_PACKAGE_WHY_MAX, "it is not signed, and %s: %ssign it, or allow it by --allow-unsigned%s",
			 emf->serving ? "a service takes only what a trusted key has signed" : "it would run with the privileges of this user",
			 is_json ? "'pack' it as a package of EMF and " : "", emf->serving ? " of 'serve'; unsigned-packages = yes does so for what is loaded later" : "");
	if (err)
		return err == -ENOKEY ? -EPERM : err;
	if (emf_key_is_trusted(signature->key, name))
		return 0;
	snprintf(why, EMF_PACKAGE_WHY_MAX, "it is signed with a key that this machine does not trust: 'verify' shows it, and trusted ones are in " EMF_KEY_FOLDER
		 "/*.pub, which are root's, and nobody else can write to");
	return -EPERM;
}

int emf_package_load(struct emf *emf, const char *path, struct emf_package_image **image, char why[EMF_PACKAGE_WHY_MAX])
{
	struct emf_package_image *made = calloc(1, sizeof(*made));
	size_t size = 0;
	int err;

	snprintf(why, EMF_PACKAGE_WHY_MAX, "out of memory");
	if (!made)
		return -ENOMEM;
	made->bytes = emf_package_is_url(path) ? emf_package_fetch(emf, path, &size, why) : emf_package_slurp(path, &size, why);
	err = made->bytes ? check_trust(emf, made->bytes, size, why) : -EINVAL;
	if (!err)
		err = make(emf, made, size, why);
	if (err)
		emf_package_close(made);
	else
		*image = made;
	return err;
}

const struct emf_extension *emf_package_extension(const struct emf_package_image *image)
{
	return &image->extension;
}

int emf_package_image_btf(struct emf_package_image *image, const char **path, char why[EMF_PACKAGE_WHY_MAX])
{
	return emf_package_kernel_open(&image->kernel, &image->package, path, why);
}

void emf_package_close(struct emf_package_image *image)
{
	if (!image)
		return;
	emf_package_kernel_close(&image->kernel);
	free(image->tables);
	free(image->bytes);
	free(image);
}
