/* cli - one reader for the words of the command line. The tables say everything; nothing here
 * knows a verb or an option besides help and version. Help texts are in cli_help.c. */
#include "runtime/base/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/cli_help.h"
#include "runtime/base/mem.h"

enum parse_result {
	PARSE_OK,
	PARSE_USAGE, /* an error has been printed */
	PARSE_HELP,
	PARSE_VERSION,
};

struct reader {
	struct cli_args *args;
	const struct cli_option *options; /* may be NULL */
	char **argv;                      /* NULL at its end */
	int next;
	bool is_global;
	bool go_flags;
};

static const struct cli_option help_option = { .name = "help", .letter = 'h' };
static const struct cli_option version_option = { .name = "version", .letter = 'v' };

/* --- messages --------------------------------------------------------------------------------- */

int cli_usage(const struct cli_args *a, const char *fmt, ...)
{
	auto_free char *message = NULL;
	const char *verb = a->verb ? a->verb->name : "";
	const char *gap = a->verb ? " " : "";
	const char *program = a->program ? a->program->name : "";
	va_list args;

	va_start(args, fmt);
	int n = vasprintf(&message, fmt, args);
	va_end(args);
	if (n < 0)
		message = mem_strdup(fmt);
	(void)fprintf(stderr, "%s%s%s: %s\nsee %s%s%s --help\n", program, gap, verb, message,
		      program, gap, verb);
	return CLI_USAGE;
}

/* " (did you mean "--x"?)" or "". */
static char *suggestion(const char *word, const struct strv *known, const char *dashes)
{
	const char *near =
		known->n > 0 ? str_nearest(word, (const char *const *)known->items) : NULL;

	return near ? mem_format(" (did you mean \"%s%s\"?)", dashes, near) : mem_strdup("");
}

static int unknown_option(const struct reader *r, const char *shown, const char *name)
{
	auto_done(strv) struct strv known = { 0 };
	auto_free char *hint = NULL;

	for (const struct cli_option *o = r->options; o && o->name; o++) {
		if (!(o->flags & CLI_HIDDEN))
			strv_add(&known, o->name);
	}
	strv_add(&known, help_option.name);
	hint = suggestion(name, &known, "--");
	(void)cli_usage(r->args, "unknown option \"%s\"%s", shown, hint);
	return PARSE_USAGE;
}

static int unknown_verb(const struct cli_args *globals, const struct cli_program *p,
			const char *name)
{
	auto_done(strv) struct strv known = { 0 };
	auto_free char *hint = NULL;

	for (const struct cli_verb *v = p->verbs; v->name; v++) {
		if (!(v->flags & CLI_HIDDEN))
			strv_add(&known, v->name);
	}
	hint = suggestion(name, &known, "");
	return cli_usage(globals, "unknown command \"%s\"%s", name, hint);
}

/* --- options ---------------------------------------------------------------------------------- */

/* The option with this long name (n bytes), else with this letter. The program's own come before
 * the built-in ones. */
static const struct cli_option *find_option(const struct reader *r, const char *name, size_t n,
					    char letter)
{
	const struct cli_option *const built_in[] = { &help_option,
						      r->is_global ? &version_option : NULL };

	for (const struct cli_option *o = r->options; o && o->name; o++) {
		if (letter ? o->letter == letter
			   : strlen(o->name) == n && memcmp(o->name, name, n) == 0)
			return o;
	}
	for (size_t i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++) {
		const struct cli_option *o = built_in[i];

		if (o && (letter ? o->letter == letter
				 : strlen(o->name) == n && memcmp(o->name, name, n) == 0))
			return o;
	}
	return NULL;
}

static int set_option(const struct reader *r, const struct cli_option *o, const char *value)
{
	if (o == &help_option)
		return PARSE_HELP;
	if (o == &version_option)
		return PARSE_VERSION;
	strmap_set(&r->args->options, o->name, value);
	if (o->flags & CLI_REPEAT)
		strv_format(&r->args->repeated, "%s=%s", o->name, value);
	return PARSE_OK;
}

/* A flag written as --flag=true or --flag=false, as Go programs allow. */
static int set_flag(const struct reader *r, const struct cli_option *o, const char *value)
{
	if (r->go_flags && (str_eq(value, "true") || str_eq(value, "1")))
		return set_option(r, o, "");
	if (r->go_flags && (str_eq(value, "false") || str_eq(value, "0"))) {
		(void)strmap_remove(&r->args->options, o->name);
		return PARSE_OK;
	}
	(void)cli_usage(r->args, "option \"--%s\" takes no value", o->name);
	return PARSE_USAGE;
}

/* `value`: what was written behind "=" or glued to the letter, NULL when nothing was. */
static int read_value(struct reader *r, const struct cli_option *o, const char *value)
{
	if (!o->value)
		return value ? set_flag(r, o, value) : set_option(r, o, "");
	if (!value)
		value = r->argv[r->next];
	else
		return set_option(r, o, value);
	if (!value) {
		if (r->go_flags) /* Podman looks for these very words */
			(void)cli_usage(r->args, "flag needs an argument: --%s", o->name);
		else
			(void)cli_usage(r->args, "option \"--%s\" needs a value: %s", o->name,
					o->value);
		return PARSE_USAGE;
	}
	r->next++;
	return set_option(r, o, value);
}

/* "name" or "name=value" behind its dashes. *ret_known false: there is no such option. */
static int read_long(struct reader *r, const char *body, bool *ret_known)
{
	size_t n = strcspn(body, "=");
	const struct cli_option *o = find_option(r, body, n, '\0');

	*ret_known = o != NULL;
	if (!o)
		return PARSE_USAGE;
	return read_value(r, o, body[n] == '=' ? body + n + 1 : NULL);
}

/* "abc": flags a, b, c; or "fVALUE". */
static int read_letters(struct reader *r, const char *arg)
{
	for (const char *p = arg + 1; *p; p++) {
		const struct cli_option *o = find_option(r, "", 0, *p);

		if (!o)
			return unknown_option(r, arg, arg + 1);
		if (o->value)
			return read_value(r, o, p[1] ? p + 1 : NULL);
		if (p[1] == '=')
			return read_value(r, o, p + 2);
		int result = set_option(r, o, "");

		if (result != PARSE_OK)
			return result;
	}
	return PARSE_OK;
}

static int read_option(struct reader *r, const char *arg)
{
	bool known = false;

	if (arg[1] == '-' || (r->go_flags && arg[2])) {
		const char *body = arg + (arg[1] == '-' ? 2 : 1);
		int result = read_long(r, body, &known);

		if (known)
			return result;
		if (arg[1] == '-') {
			auto_free char *name = mem_strndup(body, strcspn(body, "="));

			return unknown_option(r, arg, name);
		}
	}
	return read_letters(r, arg);
}

/* Does what follows the positionals so far belong to somebody else? */
static bool ends_options(const struct cli_args *a)
{
	unsigned flags = a->verb ? a->verb->flags : 0;

	return (flags & CLI_STOP_AT_FIRST) ||
	       ((flags & CLI_STOP_AT_POSITIONAL) && a->positional.n >= 2);
}

/* Read options and, unless these are the global ones, positionals. */
static int read_words(struct reader *r)
{
	bool options_end = false;

	while (r->argv[r->next]) {
		const char *arg = r->argv[r->next];
		bool is_option = !options_end && arg[0] == '-' && arg[1];

		if (!is_option && r->is_global)
			break;
		r->next++;
		if (is_option && str_eq(arg, "--")) {
			options_end = true;
			if (r->is_global)
				break;
			continue;
		}
		if (is_option) {
			int result = read_option(r, arg);

			if (result != PARSE_OK)
				return result;
			continue;
		}
		strv_add(&r->args->positional, arg);
		options_end = options_end || ends_options(r->args);
	}
	return PARSE_OK;
}

/* --- verbs ------------------------------------------------------------------------------------ */

static const struct cli_verb *find_verb(const struct cli_program *p, const char *name)
{
	for (const struct cli_verb *v = p->verbs; v->name; v++) {
		if (strcmp(v->name, name) == 0)
			return v;
	}
	return NULL;
}

static int check_positionals(const struct cli_args *a)
{
	size_t n = a->positional.n;

	if (n < (size_t)a->verb->min_positional) {
		const char *synopsis = a->verb->synopsis ? a->verb->synopsis : "";

		return cli_usage(a, "an argument is missing: %s %s", a->verb->name, synopsis);
	}
	if (a->verb->max_positional >= 0 && n > (size_t)a->verb->max_positional)
		return cli_usage(a, "unexpected argument \"%s\"",
				 a->positional.items[a->verb->max_positional]);
	return CLI_DONE;
}

static void args_done(struct cli_args *a)
{
	strv_done(&a->positional);
	strmap_done(&a->options);
	strv_done(&a->repeated);
}

static int run_verb(const struct cli_program *p, const struct cli_verb *verb, char **argv)
{
	auto_done(args) struct cli_args a = { .verb = verb, .program_data = p->data, .program = p };
	struct reader r = { .args = &a,
			    .options = verb->options,
			    .argv = argv,
			    .go_flags = p->flags & CLI_GO_FLAGS };
	int result = read_words(&r);

	if (result == PARSE_HELP) {
		cli_help_verb(p, verb);
		return CLI_DONE;
	}
	if (result != PARSE_OK || check_positionals(&a) != CLI_DONE)
		return CLI_USAGE;
	return verb->run(&a);
}

/* "help" and "help VERB", unless the program has a verb of that name. */
static int run_help(const struct cli_program *p, const struct cli_args *globals, char **argv)
{
	const struct cli_verb *verb = argv[0] ? find_verb(p, argv[0]) : NULL;

	if (argv[0] && !verb)
		return unknown_verb(globals, p, argv[0]);
	if (verb)
		cli_help_verb(p, verb);
	else
		cli_help_program(p, stdout);
	return CLI_DONE;
}

int cli_main(const struct cli_program *p, int argc, char **argv)
{
	auto_done(args) struct cli_args globals = { .program_data = p->data, .program = p };
	struct reader r = { .args = &globals,
			    .options = p->options,
			    .argv = argv,
			    .next = argc > 0 ? 1 : 0,
			    .is_global = true,
			    .go_flags = p->flags & CLI_GO_FLAGS };
	int result = read_words(&r);
	const char *name = result == PARSE_OK ? argv[r.next] : NULL;

	if (result == PARSE_VERSION) {
		cli_help_version(p);
		return CLI_DONE;
	}
	if (result == PARSE_HELP)
		return run_help(p, &globals, argv + argc);
	if (result != PARSE_OK)
		return CLI_USAGE;
	if (!name) {
		cli_help_program(p, stderr);
		return CLI_USAGE;
	}
	const struct cli_verb *verb = find_verb(p, name);

	if (!verb && str_eq(name, "help"))
		return run_help(p, &globals, argv + r.next + 1);
	if (!verb)
		return unknown_verb(&globals, p, name);
	result = p->prepare ? p->prepare(&globals) : 0;
	return result ? result : run_verb(p, verb, argv + r.next + 1);
}

/* --- for verbs -------------------------------------------------------------------------------- */

bool cli_has(const struct cli_args *a, const char *option)
{
	return strmap_get(&a->options, option) != NULL;
}

const char *cli_value(const struct cli_args *a, const char *option, const char *otherwise)
{
	const char *value = strmap_get(&a->options, option);

	return value ? value : otherwise;
}

bool cli_is_terminal(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && !str_empty(term) && !str_eq(term, "dumb") &&
	       str_empty(getenv("NO_COLOR"));
}

bool cli_confirm(const char *fmt, ...)
{
	char answer[16] = "";
	va_list args;

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return false;
	va_start(args, fmt);
	(void)vfprintf(stderr, fmt, args);
	va_end(args);
	(void)fputs(" [y/N] ", stderr);
	if (!fgets(answer, sizeof(answer), stdin))
		return false;
	answer[strcspn(answer, "\n")] = '\0';
	return str_eq(answer, "y") || str_eq(answer, "Y") || str_eq(answer, "yes");
}
