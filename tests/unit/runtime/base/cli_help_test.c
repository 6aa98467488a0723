/* cli_help: columns, groups in the order of the table, hidden rows left out. How help is asked for: cli_test.c. */
#include "runtime/base/cli_help.h"

#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/err.h"
#include "runtime/base/file.h"
#include "tests/unit/test.h"

static const struct cli_option options[] = {
	{ .name = "secret", .flags = CLI_HIDDEN },
	{ .name = "timeout", .letter = 't', .value = "TIME", .help = "how long" },
	{ .name = NULL },
};
static const struct cli_verb verbs[] = {
	{ .name = "z", .summary = "last letter, first row", .group = "Second" },
	{ .name = "hidden", .flags = CLI_HIDDEN, .group = "Never" },
	{ .name = "nogroup", .summary = "in the common group", .options = options },
	{ .name = "a", .summary = "same group as z", .group = "Second" },
	{ .name = NULL },
};

static char *said(FILE *f)
{
	struct err e = { 0 };
	char *text = NULL;

	(void)fflush(f);
	(void)lseek(fileno(f), 0, SEEK_SET);
	return file_read_fd(fileno(f), 10000, &text, NULL, &e) < 0 ? NULL : text;
}

static void test_program(void)
{
	const struct cli_program p = { .name = "prog", .version = "1", .verbs = verbs };
	FILE *f = tmpfile();

	CHECK(f != NULL);
	if (!f)
		return;
	cli_help_program(&p, f);
	auto_free char *text = said(f);

	CHECK_STR(text, "usage: prog [OPTION...] COMMAND [ARGUMENT...]\n"
			"\n"
			"Second:\n"
			"  z        last letter, first row\n"
			"  a        same group as z\n"
			"\n"
			"Commands:\n"
			"  nogroup  in the common group\n"
			"\n"
			"Options:\n"
			"  -h, --help     show this text\n"
			"  -v, --version  show the version\n"
			"\n"
			"\"prog help COMMAND\" explains one command.\n");
	(void)fclose(f);
}

/* What goes to stdout, caught in a file. */
static void test_stdout(void)
{
	const struct cli_program p = { .name = "prog", .version = "1", .verbs = verbs };
	const struct cli_program two = { .name = "prog",
					 .version = "prog version 1\nspec: 1.2",
					 .verbs = verbs };
	FILE *f = tmpfile();
	auto_close int out = dup(STDOUT_FILENO);

	CHECK(f != NULL);
	if (!f)
		return;
	(void)fflush(stdout);
	(void)dup2(fileno(f), STDOUT_FILENO);
	cli_help_verb(&p, &verbs[2]);
	cli_help_version(&p);
	cli_help_version(&two);
	(void)fflush(stdout);
	(void)dup2(out, STDOUT_FILENO);
	auto_free char *text = said(f);

	CHECK_STR(text, "usage: prog nogroup\n"
			"in the common group\n"
			"\n"
			"Options:\n"
			"  -t, --timeout TIME  how long\n"
			"  -h, --help          show this text\n"
			"prog version 1\n"
			"prog version 1\nspec: 1.2\n");
	(void)fclose(f);
}

int main(void)
{
	test_program();
	test_stdout();
	return test_done();
}
