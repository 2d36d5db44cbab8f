/* test_steps - does a table of steps survive whatever its steps do? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "boot/steps.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What a step does; in shared memory, so that tries can be counted. */
struct plan {
	int calls, reports, dones;
	char kept[512];
};

static int good(void *arg, struct step_out *out)
{
	((struct plan *)arg)->calls++;
	strcpy(out->text, "result");
	strcpy(out->note, "fine");
	return 0;
}

static int says_why(void *arg, struct step_out *out)
{
	((struct plan *)arg)->calls++;
	return err_set(&out->err, -ENODEV, "mount /dev/x");
}

static int exits_3(void *arg, struct step_out *out)
{
	(void)out;
	((struct plan *)arg)->calls++;
	return 3;
}

static int second_time_lucky(void *arg, struct step_out *out)
{
	return ((struct plan *)arg)->calls++ ? 0 : err_set(&out->err, -EBUSY, "first");
}

static int crashes(void *arg, struct step_out *out)
{
	((struct plan *)arg)->calls++;
	/* Half-written results of a process that goes mad. */
	memset(out, 'x', sizeof(*out));
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	return 0;
}

static int hangs(void *arg, struct step_out *out)
{
	(void)out;
	((struct plan *)arg)->calls++;
	for (;;)
		if (pause() == 0)
			return 0;
}

static void keep(void *arg, const struct step_out *out)
{
	struct plan *p = arg;

	p->dones++;
	strcpy(p->kept, out->text);
}

static void report(void *arg, const struct step *step, const struct step_end *end)
{
	struct plan *p = arg;

	(void)step;
	p->reports += end ? 100 : 1;
}

static const struct {
	const char *why_case;
	struct step step;
	bool over;			/* the deadline of the whole run is over already */
	enum step_next next;
	bool ok;
	int calls, dones;
	const char *why;
} cases[] = {
	{ "success", { "s", good, keep, .on_failure = STEP_GIVE_UP }, false, STEP_GO_ON, true, 1, 1, "" },
	{ "an error with its reason", { "s", says_why, keep, .on_failure = STEP_NEXT_TARGET }, false,
	  STEP_NEXT_TARGET, false, 1, 0, "mount /dev/x: No such device" },
	{ "an error that does not matter", { "s", says_why, .on_failure = STEP_GO_ON }, false, STEP_GO_ON,
	  false, 1, 0, "mount /dev/x: No such device" },
	{ "an exit status without a reason", { "s", exits_3, .on_failure = STEP_NEXT_TARGET }, false,
	  STEP_NEXT_TARGET, false, 1, 0, "exit status 3" },
	{ "two tries, the second is lucky", { "s", second_time_lucky, .tries = 2, .on_failure = STEP_GIVE_UP },
	  false, STEP_GO_ON, true, 2, 0, "" },
	{ "two tries, none is", { "s", says_why, .tries = 2, .on_failure = STEP_GIVE_UP }, false, STEP_GIVE_UP,
	  false, 2, 0, "mount /dev/x: No such device" },
	{ "a crash says the signal, not the rubbish it left", { "s", crashes, keep, .on_failure = STEP_GIVE_UP },
	  false, STEP_GIVE_UP, false, 1, 0, "died by signal 11" },
	{ "a hang has its deadline, and no second try", { "s", hangs, .deadline_s = 1, .tries = 3,
	  .on_failure = STEP_NEXT_TARGET }, false, STEP_NEXT_TARGET, false, 1, 0, "deadline reached" },
	{ "no step begins when the run's time is over", { "s", good, keep, .on_failure = STEP_NEXT_TARGET }, true,
	  STEP_NEXT_TARGET, false, 0, 0, "the deadline of the whole run is over" },
	{ "but for those that always run", { "s", good, keep, .on_failure = STEP_GIVE_UP, .always = true }, true,
	  STEP_GO_ON, true, 1, 1, "" },
};

static void test_steps(void **state)
{
	struct plan *p = steps_share(sizeof(*p));
	struct step_end end;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct steps s = {
			.arg = p, .out = steps_share(sizeof(struct step_out)), .report = report,
			.deadline_at_ms = cases[i].over ? 1 : 0,
		};

		print_message("%s\n", cases[i].why_case);
		memset(p, 0, sizeof(*p));
		assert_int_equal(step_run(&s, &cases[i].step, &end), cases[i].next);
		assert_int_equal(end.ok, cases[i].ok);
		assert_int_equal(p->calls, cases[i].calls);
		assert_int_equal(p->dones, cases[i].dones);
		assert_int_equal(p->reports % 100, p->reports / 100);
		assert_memory_equal(end.why, cases[i].why, strlen(cases[i].why));
		assert_int_equal(!end.why[0], end.ok);
		assert_true(memchr(end.out.text, 0, sizeof(end.out.text)) != NULL);
		if (p->dones)
			assert_string_equal(p->kept, "result");
	}
}

static void test_deadline_of_the_run(void **state)
{
	struct plan *p = steps_share(sizeof(*p));
	struct steps s = { .arg = p, .out = steps_share(sizeof(struct step_out)), .deadline_at_ms = now_ms() + 300 };
	struct step hour = { "s", hangs, .deadline_s = 3600, .on_failure = STEP_NEXT_TARGET };
	struct step_end end;

	(void)state;
	assert_int_equal(step_run(&s, &hour, &end), STEP_NEXT_TARGET);
	assert_int_equal(end.child.stopped, CHILD_DEADLINE);
	assert_true(end.child.duration_ms < 60000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_deadline_of_the_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
