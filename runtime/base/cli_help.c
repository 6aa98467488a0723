/* cli_help - two columns, the left one as wide as its widest entry needs. */
#include "runtime/base/cli_help.h"

#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"

static const char *group_of(const struct cli_verb *v)
{
	return v->group ? v->group : "Commands";
}

/* "-f, --file FILE" */
static char *option_text(const struct cli_option *o)
{
	char letter[] = "    ";

	if (o->letter)
		memcpy(letter, (const char[]){ '-', o->letter, ',' }, 3);
	return mem_format("%s--%s%s%s", letter, o->name, o->value ? " " : "",
			  o->value ? o->value : "");
}

static void print_options(FILE *to, const struct cli_option *options,
			  const struct cli_option *built_in)
{
	const struct cli_option *const tables[] = { options, built_in };
	int width = 0;

	for (size_t t = 0; t < 4; t++) { /* twice over both tables: measure, then print */
		for (const struct cli_option *o = tables[t % 2]; o && o->name; o++) {
			auto_free char *text = option_text(o);

			if (o->flags & CLI_HIDDEN)
				continue;
			if (t < 2 && (int)strlen(text) > width)
				width = (int)strlen(text);
			if (t >= 2)
				(void)fprintf(to, "  %-*s  %s\n", width, text,
					      o->help ? o->help : "");
		}
	}
}

/* Print the verbs of one group; `first` is its first one in the table. */
static void print_group(FILE *to, const struct cli_verb *first, int width)
{
	(void)fprintf(to, "\n%s:\n", group_of(first));
	for (const struct cli_verb *v = first; v->name; v++) {
		if (!(v->flags & CLI_HIDDEN) && str_eq(group_of(v), group_of(first)))
			(void)fprintf(to, "  %-*s  %s\n", width, v->name,
				      v->summary ? v->summary : "");
	}
}

/* Whether an earlier visible verb has opened the group of v already. */
static bool group_is_known(const struct cli_verb *verbs, const struct cli_verb *v)
{
	for (; verbs < v; verbs++) {
		if (!(verbs->flags & CLI_HIDDEN) && str_eq(group_of(verbs), group_of(v)))
			return true;
	}
	return false;
}

void cli_help_program(const struct cli_program *p, FILE *to)
{
	static const struct cli_option built_in[] = {
		{ .name = "help", .letter = 'h', .help = "show this text" },
		{ .name = "version", .letter = 'v', .help = "show the version" },
		{ .name = NULL },
	};
	int width = 0;

	(void)fprintf(to, "usage: %s [OPTION...] COMMAND [ARGUMENT...]\n", p->name);
	if (p->summary)
		(void)fprintf(to, "%s\n", p->summary);
	for (const struct cli_verb *v = p->verbs; v->name; v++) {
		if (!(v->flags & CLI_HIDDEN) && (int)strlen(v->name) > width)
			width = (int)strlen(v->name);
	}
	for (const struct cli_verb *v = p->verbs; v->name; v++) {
		if (!(v->flags & CLI_HIDDEN) && !group_is_known(p->verbs, v))
			print_group(to, v, width);
	}
	(void)fputs("\nOptions:\n", to);
	print_options(to, p->options, built_in);
	(void)fprintf(to, "\n\"%s help COMMAND\" explains one command.\n", p->name);
}

void cli_help_verb(const struct cli_program *p, const struct cli_verb *verb)
{
	static const struct cli_option built_in[] = {
		{ .name = "help", .letter = 'h', .help = "show this text" },
		{ .name = NULL },
	};
	const char *synopsis = verb->synopsis ? verb->synopsis : "";

	(void)printf("usage: %s %s%s%s\n", p->name, verb->name, *synopsis ? " " : "", synopsis);
	if (verb->summary)
		(void)printf("%s\n", verb->summary);
	(void)fputs("\nOptions:\n", stdout);
	print_options(stdout, verb->options, built_in);
}

void cli_help_version(const struct cli_program *p)
{
	if (strchr(p->version, '\n') || strchr(p->version, ' '))
		(void)printf("%s\n", p->version);
	else
		(void)printf("%s version %s\n", p->name, p->version);
}
