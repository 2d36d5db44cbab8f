/* wanted - which image, kernel and command line should be loaded here? */
/* SPDX-License-Identifier: MIT */
#include "prod/wanted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"

enum { RUNNING_SIZE = 8192, KERNEL_MAX = 512 << 20, IOMEM_MAX = 16 << 20 };

int wanted_cmdline(const struct place *p, char *out, char *added, struct err *e)
{
	char running[RUNNING_SIZE], path[PATH_MAX], *text;
	struct capture_words words = { 0 };
	struct capture_facts facts;
	int rc = read_line(place_path(p, "/proc/cmdline", path), running, sizeof(running));
	size_t n;

	if (rc)
		return err_set(e, rc, "read %s", path);
	if (!read_file(p->conf_path, CONF_FILE_MAX, &text, &n, NULL)) {
		capture_words_read(&words, text, n);
		free(text);
	}
	capture_facts_read(&facts, running);
	facts.words = &words;
	rc = capture_cmdline(&facts, out, CAPTURE_CMDLINE_SIZE, added, CAPTURE_CMDLINE_SIZE, e);
	if (rc || !p->append)
		return rc;
	n = strlen(out);
	if (snprintf(out + n, CAPTURE_CMDLINE_SIZE - n, " %s", p->append) >= (int)(CAPTURE_CMDLINE_SIZE - n))
		return err_say(e, -E2BIG, "the new command line is longer than %d bytes", CAPTURE_CMDLINE_SIZE - 1);
	return 0;
}

/* The list of parts, for whoever finds the image. */
static int put_list(struct wanted *w, struct err *e)
{
	char *text = NULL, line[4200];
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int rc;

	if (!out)
		return err_set(e, -ENOMEM, "inputs of the image");
	for (size_t i = 0; i < w->inputs.n; i++) {
		inputs_line(&w->inputs.list[i], line, sizeof(line));
		fprintf(out, "%s\n", line);
	}
	rc = fclose(out) ? err_set(e, -ENOMEM, "inputs of the image")
			 : cpio_file(&w->image, WANTED_LIST, 0600, text, len, e);
	free(text);
	return rc;
}

int wanted_make(struct wanted *w, const struct place *p, struct err *e)
{
	struct image_spec spec = place_image(p);
	int rc;

	if (p->no_kernel.code)
		return err_say(e, p->no_kernel.code, "%s", p->no_kernel.msg);
	rc = read_file(p->kernel, KERNEL_MAX, &w->kernel, &w->kernel_len, e);
	if (!rc)
		rc = wanted_cmdline(p, w->cmdline, w->added, e);
	if (!rc)
		rc = image_collect(&w->image, &spec, &w->report, e);
	if (!rc)
		rc = inputs_add_image(&w->inputs, &w->image, e);
	if (!rc)
		rc = inputs_add(&w->inputs, "kernel", w->kernel, w->kernel_len, e);
	if (!rc)
		rc = inputs_add(&w->inputs, "command line", w->cmdline, strlen(w->cmdline), e);
	return rc ? rc : put_list(w, e);
}

void wanted_free(struct wanted *w)
{
	cpio_free(&w->image);
	inputs_free(&w->inputs);
	free(w->kernel);
	w->kernel = NULL;
}

/* Lines of /proc/iomem that are memory and no part of another line. */
static uint64_t sum_memory(const char *path, uint64_t sum)
{
	size_t len;
	char *text;

	if (read_file(path, IOMEM_MAX, &text, &len, NULL))
		return sum;
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t n = strcspn(line, "\n");

		if (*line != ' ' && n > 13 && !memcmp(line + n - 13, " : System RAM", 13))
			sum = input_sum(line, n, sum);
	}
	free(text);
	return sum;
}

uint64_t wanted_machine(const char *root)
{
	const struct place p = { .root = root };
	char path[PATH_MAX], cpus[4096];

	if (read_line(place_path(&p, "/sys/devices/system/cpu/present", path), cpus, sizeof(cpus)))
		cpus[0] = 0;
	return sum_memory(place_path(&p, "/proc/iomem", path), input_sum(cpus, strlen(cpus), 0));
}
