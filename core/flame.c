// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * flame.c - stacks as a flame graph: an SVG file that needs nothing else, where a click on
 * a function makes it as wide as the picture. What is wide took much; the order of
 * functions beside each other means nothing.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <emf/output.h>

#include "stack_report.h"

#define WIDTH 1200.0
#define HEIGHT 17 /* of a function */
#define TOP 34	  /* what is above the first one */
#define LETTER 7.3 /* of the font, 12 pixels high */
#define THIN 0.1   /* thinner ones are not seen */
#define DEPTH_MAX (2 * EMF_STACK_DEPTH + 2)

struct frame {
	uint32_t name; /* 0 of the whole, and of a process */
	const char *comm;
	bool kernel;
	uint64_t weight;
	uint32_t child, next; /* by number; 0 is none */
};

struct flame {
	const struct emf_stack_report *report;
	const char *unit;
	FILE *out;
	struct frame *frames;
	uint32_t n, room;
};

static uint32_t new_frame(struct flame *flame, const struct frame *frame)
{
	if (flame->n == flame->room) {
		uint32_t room = flame->room ? 2 * flame->room : 1024;
		struct frame *grown = realloc(flame->frames, room * sizeof(*grown));

		if (!grown)
			return 0;
		flame->frames = grown;
		flame->room = room;
	}
	flame->frames[flame->n] = *frame;
	return flame->n++;
}

static bool is_same(const struct frame *a, const struct frame *b)
{
	return a->name == b->name && a->kernel == b->kernel && (a->name || !strncmp(a->comm, b->comm, 16));
}

/* What is above @parent: an old one or a new one; 0 without memory. */
static uint32_t step(struct flame *flame, uint32_t parent, const struct frame *frame)
{
	uint32_t i = flame->frames[parent].child;

	while (i && !is_same(&flame->frames[i], frame))
		i = flame->frames[i].next;
	if (i)
		return i;
	i = new_frame(flame, frame);
	if (i) {
		flame->frames[i].next = flame->frames[parent].child;
		flame->frames[parent].child = i;
	}
	return i;
}

static int add(struct flame *flame, const struct emf_named_stack *stack)
{
	uint32_t at = step(flame, 0, &(struct frame){ .comm = stack->comm });

	flame->frames[0].weight += stack->weight;
	for (size_t i = 0; at; i++) {
		flame->frames[at].weight += stack->weight;
		if (i == stack->n)
			return 0;
		at = step(flame, at, &(struct frame){ .name = stack->frames[i], .kernel = i >= stack->n_user });
	}
	return -ENOMEM;
}

static void put_text(FILE *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		switch (text[i]) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		default:
			fputc(text[i], out);
		}
	}
}

/* Whole characters of UTF-8, as many as fit. */
static size_t fitting(const char *text, size_t letters)
{
	size_t n = 0;

	while (text[n] && (letters || (text[n] & 0xc0) == 0x80)) {
		letters -= (text[n] & 0xc0) != 0x80;
		n++;
	}
	return n;
}

/* Warm for processes, cold for the kernel; each name has its own. */
static void put_colour(FILE *out, const struct frame *frame)
{
	unsigned int shade = frame->name * 37 % 50;

	if (frame->kernel)
		fprintf(out, "rgb(%u,%u,%u)", 100 + shade, 150 + shade, 210u);
	else if (frame->name)
		fprintf(out, "rgb(%u,%u,%u)", 215 + shade / 2, 120 + 2 * shade, 60u);
	else
		fprintf(out, "rgb(190,190,190)");
}

static void put_frame(const struct flame *flame, const struct frame *frame, double x, double width, unsigned int y)
{
	const char *name = frame->name ? emf_stack_names_get(&flame->report->names, frame->name) : "all";
	size_t letters = width > 2 * LETTER ? (size_t)((width - 4) / LETTER) : 0, n;
	FILE *out = flame->out;
	char comm[64];

	if (frame->comm)
		name = emf_text(comm, sizeof(comm), frame->comm, strnlen(frame->comm, 16));
	n = fitting(name, letters);
	fprintf(out, "<g><title>");
	put_text(out, name, strlen(name));
	fprintf(out, "%s: %" PRIu64 " %s, %.2f %%</title><rect x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"%d\" fill=\"",
		frame->kernel ? " [kernel]" : "", frame->weight, flame->unit,
		100.0 * (double)frame->weight / (double)(flame->frames[0].weight ? flame->frames[0].weight : 1), x, y, width, HEIGHT - 1);
	put_colour(out, frame);
	fprintf(out, "\"/><text x=\"%.2f\" y=\"%u\">", x + 2, y + 12);
	put_text(out, name, n < strlen(name) && letters ? fitting(name, letters - 1) : n);
	fprintf(out, "%s</text></g>\n", n < strlen(name) && letters ? "\u2026" : "");
}

static unsigned int depth_of(const struct flame *flame, uint32_t i)
{
	unsigned int most = 0;

	for (i = flame->frames[i].child; i; i = flame->frames[i].next) {
		unsigned int depth = depth_of(flame, i);

		most = depth > most ? depth : most;
	}
	return most + 1;
}

/* As deep as a stack is: DEPTH_MAX. */
static void put_all(const struct flame *flame, uint32_t i, double x, unsigned int y)
{
	double scale = WIDTH / (double)(flame->frames[0].weight ? flame->frames[0].weight : 1);
	double width = (double)flame->frames[i].weight * scale;

	if (width < THIN)
		return;
	put_frame(flame, &flame->frames[i], x, width, y);
	for (i = flame->frames[i].child; i; i = flame->frames[i].next) {
		put_all(flame, i, x, y - HEIGHT);
		x += (double)flame->frames[i].weight * scale;
	}
}

static const char script[] =
	"<script><![CDATA[\n"
	"var all=[].slice.call(document.querySelectorAll('#f>g')),W=1200;\n"
	"all.forEach(function(g){var r=g.querySelector('rect');g.r=r;g.t=g.querySelector('text');\n"
	" g.x=+r.getAttribute('x');g.w=+r.getAttribute('width');g.y=+r.getAttribute('y');\n"
	" g.n=g.querySelector('title').textContent.split(': ')[0];g.onclick=function(e){zoom(g);e.stopPropagation();};});\n"
	"function zoom(z){all.forEach(function(g){\n"
	" var x=(g.x-z.x)/z.w*W,w=g.w/z.w*W,below=g.y>z.y;\n"
	" if(below&&g.x<=z.x+.01&&g.x+g.w>=z.x+z.w-.01){x=0;w=W;}\n"
	" else if(x<-.01||x+w>W+.01){g.style.display='none';return;}\n"
	" g.style.display='';g.r.setAttribute('x',x);g.r.setAttribute('width',w);g.t.setAttribute('x',x+2);\n"
	" var k=Math.floor((w-4)/7.3);g.t.textContent=k<2?'':g.n.length<=k?g.n:g.n.slice(0,k-1)+'\\u2026';});}\n"
	"document.documentElement.onclick=function(){zoom({x:0,w:W,y:1e9});};\n"
	"]]></script>\n";

int emf_flame_write(const struct emf_stack_report *report, const char *title, const char *unit, FILE *out)
{
	struct flame flame = { .report = report, .unit = unit, .out = out };
	unsigned int height;
	int err = 0;

	new_frame(&flame, &(struct frame){ .name = 0 });
	for (size_t i = 0; flame.n && !err && i < report->n; i++)
		err = add(&flame, &report->all[i]);
	if (!flame.n || err) {
		free(flame.frames);
		return -ENOMEM;
	}
	height = depth_of(&flame, 0) * HEIGHT + TOP + 4;
	fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		     "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%u\" viewBox=\"0 0 %.0f %u\" "
		     "font-family=\"monospace\" font-size=\"12\">\n"
		     "<style>#f text{pointer-events:none}#f g:hover rect{stroke:#000}</style>\n"
		     "<rect width=\"100%%\" height=\"100%%\" fill=\"#fffdf5\"/>\n<text x=\"4\" y=\"20\" font-size=\"16\">",
		WIDTH, height, WIDTH, height);
	put_text(out, title, strlen(title));
	fprintf(out, ": %" PRIu64 " %s</text>\n<g id=\"f\">\n", flame.frames[0].weight, unit);
	put_all(&flame, 0, 0, height - HEIGHT - 2);
	fprintf(out, "</g>\n%s</svg>\n", script);
	free(flame.frames);
	return 0;
}
