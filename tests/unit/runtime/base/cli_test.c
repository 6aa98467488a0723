/* cli: every way to write an option, usage errors with a suggestion, help from the tables. */
#include "runtime/base/cli.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/err.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

/* What the last run saw, as text: "verb|positionals|options|repeated". */
static char *last;

static int record(struct cli_args *a)
{
	auto_done(strbuf) struct strbuf b = { 0 };
	auto_free char *positional = strv_join(&a->positional, ",");
	auto_free char *repeated = strv_join(&a->repeated, ",");

	strbuf_format(&b, "%s|%s|", a->verb->name, positional);
	for (size_t i = 0; i < a->options.n; i++)
		strbuf_format(&b, "%s%s=%s", i ? "," : "", a->options.items[i].key,
			      a->options.items[i].value);
	strbuf_format(&b, "|%s", repeated);
	free(last);
	last = strbuf_steal(&b);
	return cli_has(a, "fail") ? 7 : 0;
}

static int refuse(struct cli_args *a)
{
	return cli_usage(a, "\"%s\" will not do", cli_value(a, "file", "nothing"));
}

static int prepare(struct cli_args *globals)
{
	int *count = globals->program_data;

	(*count)++;
	return cli_has(globals, "stop") ? 9 : 0;
}

static const struct cli_option global_options[] = {
	{ .name = "debug", .help = "say more" },
	{ .name = "root", .letter = 'R', .value = "DIR", .help = "state directory" },
	{ .name = "stop", .flags = CLI_HIDDEN },
	{ .name = NULL },
};
static const struct cli_option create_options[] = {
	{ .name = "file", .letter = 'f', .value = "FILE", .help = "configuration" },
	{ .name = "all", .letter = 'a', .help = "everything" },
	{ .name = "quiet", .letter = 'q', .help = "say nothing" },
	{ .name = "env",
	  .letter = 'e',
	  .value = "NAME=VALUE",
	  .help = "environment",
	  .flags = CLI_REPEAT },
	{ .name = "fail", .flags = CLI_HIDDEN },
	{ .name = NULL },
};
static const struct cli_verb verbs[] = {
	{ .name = "create",
	  .synopsis = "[-f FILE] NAME",
	  .summary = "make a zone",
	  .options = create_options,
	  .min_positional = 1,
	  .max_positional = 2,
	  .run = record,
	  .group = "Configure" },
	{ .name = "exec",
	  .synopsis = "NAME COMMAND...",
	  .summary = "run a program",
	  .options = create_options,
	  .min_positional = 2,
	  .max_positional = -1,
	  .flags = CLI_STOP_AT_POSITIONAL,
	  .run = record,
	  .group = "Use" },
	{ .name = "list", .summary = "show zones", .run = record, .group = "Configure" },
	{ .name = "monitor", .run = record, .flags = CLI_HIDDEN, .max_positional = -1 },
	{ .name = "refuse", .run = refuse, .options = create_options, .group = "Use" },
	{ .name = NULL },
};

/* Run with the words of `line`, stdout and stderr caught in *ret_output. */
static int run(unsigned flags, const char *line, char **ret_output)
{
	static int count;
	struct err e = { 0 };
	auto_done(strv) struct strv words = { 0 };
	const struct cli_program p = { .name = "zone",
				       .summary = "zones",
				       .version = "1.2",
				       .options = global_options,
				       .verbs = verbs,
				       .flags = flags,
				       .prepare = prepare,
				       .data = &count };
	char path[] = "/tmp/zones-cli-test-XXXXXX";
	auto_close int fd = mkstemp(path), out = dup(1), err = dup(2);

	(void)unlink(path);
	strv_add(&words, "zone");
	strv_split(&words, line, ' ');
	free(last);
	last = NULL;
	(void)fflush(stdout);
	(void)dup2(fd, 1);
	(void)dup2(fd, 2);
	int code = cli_main(&p, (int)words.n, words.items);

	(void)fflush(stdout);
	(void)dup2(out, 1);
	(void)dup2(err, 2);
	(void)lseek(fd, 0, SEEK_SET);
	*ret_output = NULL;
	if (file_read_fd(fd, 100000, ret_output, NULL, &e) < 0)
		*ret_output = mem_strdup(e.text);
	return code;
}

static void check_run(unsigned flags, const char *line, int code, const char *want)
{
	auto_free char *output = NULL;
	int got = run(flags, line, &output);

	test_int(got, code, line, __FILE__, __LINE__);
	test_str(last, want, line, __FILE__, __LINE__);
	test_str(output, "", line, __FILE__, __LINE__);
}

static void test_options(void)
{
	check_run(0, "create web", 0, "create|web||");
	check_run(0, "create -f a web", 0, "create|web|file=a|");
	check_run(0, "create -fa web", 0, "create|web|file=a|");
	check_run(0, "create web --file a", 0, "create|web|file=a|");
	check_run(0, "create --file=a=b web", 0, "create|web|file=a=b|");
	check_run(0, "create --file= web", 0, "create|web|file=|");
	check_run(0, "create --file --all web", 0, "create|web|file=--all|");
	check_run(0, "create -aqf x web", 0, "create|web|all=,quiet=,file=x|");
	check_run(0, "create -f a -f b web", 0, "create|web|file=b|");
	check_run(0, "create -e A=1 web --env B=2", 0, "create|web|env=B=2|env=A=1,env=B=2");
	check_run(0, "create -- -a web", 0, "create|-a,web||");
	check_run(0, "create - web", 0, "create|-,web||");
	check_run(0, "create web --fail", 7, "create|web|fail=|");
	check_run(0, "--debug -R /x list", 0, "list|||");
	check_run(0, "--root=/x -- list", 0, "list|||");
	check_run(0, "--stop list", 9, NULL);
	check_run(0, "exec -a web sh -c -q --all", 0, "exec|web,sh,-c,-q,--all|all=|");
	check_run(0, "exec web -a sh -- -q", 0, "exec|web,sh,--,-q|all=|");
	check_run(0, "exec web -- sh -q", 0, "exec|web,sh,-q||");
	check_run(0, "exec web -- -sh", 0, "exec|web,-sh||");
	check_run(CLI_GO_FLAGS, "-debug -root /x create -file a -all web", 0,
		  "create|web|file=a,all=|");
	check_run(CLI_GO_FLAGS, "create -file=a -aq --all=false --quiet=true web", 0,
		  "create|web|file=a,quiet=|");
	check_run(CLI_GO_FLAGS, "create -fx web", 0, "create|web|file=x|");
}

static void check_usage(unsigned flags, const char *line, const char *want)
{
	auto_free char *output = NULL;

	test_int(run(flags, line, &output), CLI_USAGE, line, __FILE__, __LINE__);
	test_str(output, want, line, __FILE__, __LINE__);
	CHECK(last == NULL);
}

static void test_usage(void)
{
	check_usage(
		0, "crate",
		"zone: unknown command \"crate\" (did you mean \"create\"?)\nsee zone --help\n");
	check_usage(0, "xyzzy", "zone: unknown command \"xyzzy\"\nsee zone --help\n");
	check_usage(
		0, "--debig list",
		"zone: unknown option \"--debig\" (did you mean \"--debug\"?)\nsee zone --help\n");
	check_usage(
		0, "create --fiel=x w",
		"zone create: unknown option \"--fiel=x\" (did you mean \"--file\"?)\nsee zone create --help\n");
	check_usage(0, "create -az w",
		    "zone create: unknown option \"-az\"\nsee zone create --help\n");
	check_usage(
		0, "create",
		"zone create: an argument is missing: create [-f FILE] NAME\nsee zone create --help\n");
	check_usage(0, "create a b c",
		    "zone create: unexpected argument \"c\"\nsee zone create --help\n");
	check_usage(CLI_GO_FLAGS, "create w -file",
		    "zone create: flag needs an argument: --file\nsee zone create --help\n");
	check_usage(0, "create w -f",
		    "zone create: option \"--file\" needs a value: FILE\nsee zone create --help\n");
	check_usage(0, "create w --all=true",
		    "zone create: option \"--all\" takes no value\nsee zone create --help\n");
	check_usage(0, "create w -a=x",
		    "zone create: option \"--all\" takes no value\nsee zone create --help\n");
	check_usage(
		0, "help crate",
		"zone: unknown command \"crate\" (did you mean \"create\"?)\nsee zone --help\n");
	check_usage(0, "refuse -f x", "zone refuse: \"x\" will not do\nsee zone refuse --help\n");
}

static void check_help(const char *line, int code, const char *want)
{
	auto_free char *output = NULL;

	test_int(run(0, line, &output), code, line, __FILE__, __LINE__);
	test_str(output, want, line, __FILE__, __LINE__);
	CHECK(last == NULL);
}

static const char program_help[] = "usage: zone [OPTION...] COMMAND [ARGUMENT...]\n"
				   "zones\n"
				   "\n"
				   "Configure:\n"
				   "  create  make a zone\n"
				   "  list    show zones\n"
				   "\n"
				   "Use:\n"
				   "  exec    run a program\n"
				   "  refuse  \n"
				   "\n"
				   "Options:\n"
				   "      --debug     say more\n"
				   "  -R, --root DIR  state directory\n"
				   "  -h, --help      show this text\n"
				   "  -v, --version   show the version\n"
				   "\n"
				   "\"zone help COMMAND\" explains one command.\n";
static const char create_help[] = "usage: zone create [-f FILE] NAME\n"
				  "make a zone\n"
				  "\n"
				  "Options:\n"
				  "  -f, --file FILE       configuration\n"
				  "  -a, --all             everything\n"
				  "  -q, --quiet           say nothing\n"
				  "  -e, --env NAME=VALUE  environment\n"
				  "  -h, --help            show this text\n";

static void test_help(void)
{
	check_help("", CLI_USAGE, program_help);
	check_help("help", 0, program_help);
	check_help("--help", 0, program_help);
	check_help("-h", 0, program_help);
	check_help("help create", 0, create_help);
	check_help("create --help", 0, create_help);
	check_help("create web -ah", 0, create_help);
	check_help("--version", 0, "zone version 1.2\n");
	check_help("-v", 0, "zone version 1.2\n");
}

static void test_terminal(void)
{
	auto_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	auto_close int pty = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);

	CHECK(!cli_is_terminal(null));
	CHECK_INT(dup2(null, STDIN_FILENO), STDIN_FILENO);
	CHECK(!cli_confirm("sure"));
	if (pty < 0)
		return;
	(void)unsetenv("NO_COLOR");
	(void)setenv("TERM", "xterm", 1);
	CHECK(cli_is_terminal(pty));
	(void)setenv("NO_COLOR", "1", 1);
	CHECK(!cli_is_terminal(pty));
	(void)unsetenv("NO_COLOR");
	(void)setenv("TERM", "dumb", 1);
	CHECK(!cli_is_terminal(pty));
}

int main(void)
{
	test_options();
	test_usage();
	test_help();
	test_terminal();
	free(last);
	return test_done();
}
