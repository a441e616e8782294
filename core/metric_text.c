// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * metric_text.c - metrics in the text format of Prometheus, version 0.0.4:
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "hist.h"
#include "metric.h"
#include "text.h"
#include "value.h"

void emf_metric_print_number(uint64_t v, uint64_t unit, FILE *out)
{
	char digits[24];
	int width = 0, n;

	unit = unit ? unit : 1;
	for (uint64_t u = unit; u > 1; u /= 10)
		width++;
	fprintf(out, "%" PRIu64, v / unit);
	if (!(v % unit))
		return;
	n = snprintf(digits, sizeof(digits), "%0*" PRIu64, width, v % unit);
	while (digits[n - 1] == '0')
		n--;
	fprintf(out, ".%.*s", n, digits);
}

void emf_metric_print_text(const char *text, size_t len, FILE *out)
{
	while (len) {
		size_t n = emf_text_character(text, len);

		if (*text == '\n')
			fputs("\\n", out);
		else if (*text == '\\' || *text == '"')
			fprintf(out, "\\%c", *text);
		else if (n)
			fwrite(text, n, 1, out);
		else /* what is no UTF-8 a reader refuses as a whole; what drives terminals nobody needs */
			fprintf(out, "\\\\x%02x", (unsigned char)*text);
		text += n ? n : 1;
		len -= n ? n : 1;
	}
}

void emf_metric_print_head(const char *name, const char *doc, const char *type, FILE *out)
{
	fprintf(out, "# HELP %s ", name);
	for (const char *c = doc; *c; c++)
		fputs(*c == '\n' ? "\\n" : *c == '\\' ? "\\\\" : (char[]){ *c, '\0' }, out);
	fprintf(out, "\n# TYPE %s %s\n", name, type);
}

/* --- series, in the order of their labels */

struct line {
	char *labels; /* NULL of none */
	const uint64_t *values;
};

static void print_label(const struct emf_member *label, const unsigned char *at, FILE *out)
{
	struct emf_value_type type = { .type = label->type, .size = label->size, .names = label->names };
	char text[EMF_VALUE_TEXT_MAX];

	fprintf(out, "%s=\"", label->name);
	if (label->type == EMF_COMM || label->type == EMF_STRING) {
		emf_metric_print_text((const char *)at, strnlen((const char *)at, label->size), out);
	} else {
		emf_value_format(&type, at, text);
		emf_metric_print_text(text, strlen(text), out);
	}
	fputc('"', out);
}

/* @key is NULL of those that are beyond the most. */
static char *labels_of(const struct emf_metric *metric, const unsigned char *key)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < metric->n_labels; i++) {
		const struct emf_member *label = &metric->labels[i];

		fputs(i ? "," : "", out);
		if (key)
			print_label(label, key, out);
		else
			fprintf(out, "%s=\"other\"", label->name);
		key = key ? key + label->size : NULL;
	}
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

static int by_labels(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return strcmp(x->labels, y->labels);
}

static bool is_signed(const struct emf_metric *metric)
{
	return metric->value && emf_value_is_signed(metric->value->type);
}

static void print_value(const struct emf_metric *metric, const char *labels, uint64_t v, FILE *out)
{
	fprintf(out, *labels ? "%s{%s} " : "%s%s ", metric->name, labels);
	if (is_signed(metric) && (int64_t)v < 0) {
		fputc('-', out);
		v = -v;
	}
	emf_metric_print_number(v, metric->unit, out);
	fputc('\n', out);
}

static void print_part(const struct emf_metric *metric, const char *part, const char *labels, FILE *out)
{
	fprintf(out, *labels ? "%s%s{%s} " : "%s%s%s ", metric->name, part, labels);
}

static void print_buckets(const struct emf_metric *metric, const char *labels, const uint64_t *values, FILE *out)
{
	uint32_t n = metric->scale.n;
	uint64_t count = 0;

	for (uint32_t i = 0; i < n; i++) {
		count += values[i];
		fprintf(out, "%s_bucket{%s%sle=\"", metric->name, labels, *labels ? "," : "");
		if (i + 1 < n)
			emf_metric_print_number(emf_scale_to(&metric->scale, i), metric->unit, out);
		else
			fputs("+Inf", out);
		fprintf(out, "\"} %" PRIu64 "\n", count);
	}
	/* Of slots in a map only the kernel part knows the sum, if it has one. */
	if (!metric->map || metric->sum) {
		print_part(metric, "_sum", labels, out);
		emf_metric_print_number(values[n], metric->unit, out);
		fputc('\n', out);
	}
	print_part(metric, "_count", labels, out);
	fprintf(out, "%" PRIu64 "\n", count);
}

static void print_lines(const struct emf_metric *metric, struct line *lines, size_t n, FILE *out)
{
	size_t width = emf_metric_width(metric);
	uint64_t *sum = calloc(width, sizeof(*sum));

	qsort(lines, n, sizeof(*lines), by_labels);
	for (size_t i = 0; sum && i < n; i++) {
		for (size_t v = 0; v < width; v++)
			sum[v] += lines[i].values[v];
		/* Texts that are cut may be equal, and a reader refuses a series that comes twice. */
		if (i + 1 < n && !by_labels(&lines[i], &lines[i + 1]))
			continue;
		if (metric->kind == EMF_HISTOGRAM)
			print_buckets(metric, lines[i].labels, sum, out);
		else
			print_value(metric, lines[i].labels, *sum, out);
		memset(sum, 0, width * sizeof(*sum));
	}
	free(sum);
}

void emf_metric_print(const struct emf_metric *metric, const struct emf_series *series, FILE *out)
{
	static const char *const types[] = { [EMF_COUNTER] = "counter", [EMF_GAUGE] = "gauge", [EMF_HISTOGRAM] = "histogram" };
	bool has_other = emf_series_has_other(series);
	struct line *lines = calloc(series->n + 1ul, sizeof(*lines));
	size_t n = 0;

	emf_metric_print_head(metric->name, metric->doc, types[metric->kind], out);
	for (uint32_t i = 0; lines && i < series->n + has_other; i++) {
		bool is_other = i == series->n;

		lines[n].labels = labels_of(metric, is_other ? NULL : emf_series_key(series, i));
		lines[n].values = emf_series_values(series, is_other ? series->max : i);
		n += lines[n].labels != NULL;
	}
	if (n)
		print_lines(metric, lines, n, out);
	for (size_t i = 0; i < n; i++)
		free(lines[i].labels);
	free(lines);
}
