// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bundle.c - the file of a bug report: sections of plain text, each bounded.
 */
#include "bundle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include "config.h"
#include "inifile.h"
#include "log.h"
#include "rundir.h"
#include "ask.h"
#include "sysfile.h"
#include "text.h"

#define SECTION_MAX (64 * 1024)	     /* of a file; a log says at its end what matters */
#define CONFIG_GZ_MAX (256 * 1024)   /* distributions' are 60 KiB */
#define CONFIG_MAX (2 * 1024 * 1024) /* unpacked: 300 KiB */
#define FILES_MAX 32		     /* of a folder */

static void section(FILE *out, const char *title)
{
	fprintf(out, "\n===== %s =====\n", title);
}

/* What drives terminals has no place in a file that people will read in one. */
static void put_text(FILE *out, const char *text, size_t len)
{
	for (size_t i = 0, n; i < len; i += n ? n : 1) {
		n = emf_text_character(text + i, len - i);
		if (n)
			fwrite(text + i, 1, n, out);
		else
			fputc(text[i] == '\n' || text[i] == '\t' ? text[i] : '?', out);
	}
	if (len && text[len - 1] != '\n')
		fputc('\n', out);
}

/* Of a long regular file its end; of a file of /proc, which has no length, its beginning. */
static void put_file(FILE *out, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us */
	char *text = malloc(SECTION_MAX);
	struct stat st = { 0 };
	ssize_t n = -1;
	size_t at = 0;

	if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && text) {
		if (st.st_size > SECTION_MAX && lseek(fd, -SECTION_MAX, SEEK_END) > 0)
			fprintf(out, "(the last %d of %lld bytes)\n", SECTION_MAX, (long long)st.st_size);
		while (at < SECTION_MAX && (n = read(fd, text + at, SECTION_MAX - at)) > 0)
			at += (size_t)n;
	} else if (fd >= 0) {
		errno = EINVAL;
	}
	if (n < 0)
		fprintf(out, "(%s)\n", strerror(errno));
	put_text(out, text ? text : "", at);
	if (fd >= 0)
		close(fd);
	free(text);
}

static void put_file_section(FILE *out, const char *path)
{
	section(out, path);
	put_file(out, path);
}

static int is_config_folder(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 7 && !strcmp(entry->d_name + len - 7, ".conf.d");
}

static int is_verifier_log(const struct dirent *entry)
{
	return !strncmp(entry->d_name, "verifier-", 9);
}

static void put_folder(FILE *out, const char *folder, int (*wanted)(const struct dirent *),
		       void (*put)(FILE *out, const char *path))
{
	struct dirent **entries;
	int n = scandir(folder, &entries, wanted, alphasort);
	char path[1024];

	if (n < 0) {
		section(out, folder);
		fprintf(out, "(%s)\n", strerror(errno));
		return;
	}
	for (int i = 0; i < n; i++) {
		if (i < FILES_MAX && snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name) < (int)sizeof(path))
			put(out, path);
		free(entries[i]);
	}
	if (n > FILES_MAX)
		fprintf(out, "\n(%d more files of %s are left out)\n", n - FILES_MAX, folder);
	free(entries);
}

static void put_config_folder(FILE *out, const char *path)
{
	put_folder(out, path, emf_ini_is_file, put_file_section);
}

static void put_versions(FILE *out, const struct emf *emf, const json_t *doctor)
{
	const char *libbpf = json_string_value(json_object_get(doctor, "libbpf"));
	struct utsname kernel;

	section(out, "versions");
	fprintf(out, "%s %s, EMF %s, libbpf %s\n", emf->product->name, emf->product->version, EMF_VERSION,
		libbpf ? libbpf : "unknown");
	if (!uname(&kernel))
		fprintf(out, "%s %s %s %s\n", kernel.sysname, kernel.release, kernel.version, kernel.machine);
}

static void put_status(FILE *out, const struct emf *emf)
{
	char why[EMF_ASK_WHY_MAX];
	json_t *status = NULL;

	section(out, "status of the running service");
	if (emf_ask_status(emf, &status, why))
		fprintf(out, "(%s)\n", why);
	else
		json_dumpf(status, out, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	fputc('\n', out);
	json_decref(status);
}

static void put_sysctls(FILE *out)
{
	static const char *const names[] = {
		"kernel/bpf_stats_enabled", "kernel/kptr_restrict", "kernel/perf_event_paranoid",
		"kernel/unprivileged_bpf_disabled", "kernel/yama/ptrace_scope", "net/core/bpf_jit_enable",
		"net/core/bpf_jit_harden", "net/core/bpf_jit_kallsyms", "net/core/bpf_jit_limit",
		"user/max_user_namespaces",
	};
	char path[128], value[128];

	section(out, "sysctls");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		int err;

		snprintf(path, sizeof(path), "/proc/sys/%s", names[i]);
		err = emf_sysfile_read(path, value, sizeof(value));
		fprintf(out, "%s = %s\n", names[i], err < 0 ? strerror(-err) : value);
	}
}

/* The unpacked text, to be freed; NULL when it cannot be had. */
static char *unpack(const char *packed, size_t len)
{
	char *text = malloc(CONFIG_MAX + 1);
	z_stream stream = { .next_in = (z_const Bytef *)packed, .avail_in = (uInt)len };

	/* 16: a gzip header, as zlib.h has it */
	if (!text || inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) {
		free(text);
		return NULL;
	}
	stream.next_out = (Bytef *)text;
	stream.avail_out = CONFIG_MAX;
	inflate(&stream, Z_FINISH);
	text[CONFIG_MAX - stream.avail_out] = '\0';
	inflateEnd(&stream);
	return text;
}

static bool is_about_bpf(const char *option)
{
	static const char *const words[] = { "BPF", "BTF", "KPROBE", "UPROBE", "FPROBE", "FTRACE", "_LSM", "XDP", "PERF_EVENTS" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(option, words[i]))
			return true;
	return false;
}

static void put_kernel_config(FILE *out)
{
	char *packed = malloc(CONFIG_GZ_MAX), *text = NULL, *rest, *option;
	int len = packed ? emf_sysfile_read("/proc/config.gz", packed, CONFIG_GZ_MAX) : -ENOMEM;

	section(out, "kernel configuration (lines about eBPF and tracing)");
	if (len < 0)
		fprintf(out, "(/proc/config.gz: %s)\n", strerror(-len));
	else
		text = unpack(packed, (size_t)len);
	rest = text;
	while (rest && (option = strsep(&rest, "\n")))
		if (is_about_bpf(option))
			fprintf(out, "%s\n", option);
	free(text);
	free(packed);
}

static void put_all(FILE *out, const struct emf *emf, const json_t *doctor)
{
	char folder[RUNDIR_PATH_MAX];
	int err = emf_rundir(folder);

	fprintf(out, "Report of '%s doctor --bundle'. It holds kernel parameters, configuration and logs\n"
		"of this machine: read it before you share it.\n", emf->product->name);
	put_versions(out, emf, doctor);
	section(out, "os-release");
	put_file(out, access("/etc/os-release", R_OK) ? "/usr/lib/os-release" : "/etc/os-release");
	put_file_section(out, "/proc/cmdline");
	section(out, "doctor");
	json_dumpf(doctor, out, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	fputc('\n', out);
	put_status(out, emf);
	put_folder(out, EMF_SYSCONFDIR "/emf", emf_ini_is_file, put_file_section);
	put_folder(out, EMF_SYSCONFDIR "/emf", is_config_folder, put_config_folder);
	section(out, "logs of the verifier");
	if (err)
		fprintf(out, "(no run folder: %s)\n", strerror(-err));
	else
		put_folder(out, folder, is_verifier_log, put_file_section);
	put_sysctls(out);
	put_kernel_config(out);
}

int emf_bundle_write(struct emf *emf, const json_t *doctor, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int err = fd < 0 ? -errno : 0;
	FILE *out;

	if (err == -EEXIST) {
		emf_err(NULL, "--bundle: %s exists already, and is not overwritten: name another file, or remove it", path);
		return err;
	}
	if (err) {
		emf_err(NULL, "--bundle: %s: %s", path, strerror(-err));
		return err;
	}
	out = fdopen(fd, "w");
	if (!out) {
		err = -errno;
		close(fd);
	} else {
		put_all(out, emf, doctor);
		errno = 0;
		err = fflush(out) || ferror(out) || fsync(fd) ? -(errno ? errno : ENOSPC) : 0;
		if (fclose(out) && !err)
			err = -errno;
	}
	if (err) {
		unlink(path);
		emf_err(NULL, "--bundle: %s: %s; nothing was kept", path, strerror(-err));
	}
	return err;
}
