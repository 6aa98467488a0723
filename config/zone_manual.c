/* zone_manual - the table of zone.json as the PROPERTIES and LATER VERSIONS sections of zone.json(5), in man(7). */
#include "config/zone_table.h"

#include "runtime/base/mem.h"

struct manual {
	struct strbuf text;
	bool refused; /* which of the two sections is being written */
};

/* Text without meaning for roff. */
static void add_plain(struct strbuf *b, const char *s)
{
	if (*s == '.' || *s == '\'')
		strbuf_add(b, "\\&");
	for (; *s; s++) {
		if (*s == '\\')
			strbuf_add(b, "\\e");
		else if (*s == '-')
			strbuf_add(b, "\\-");
		else if (*s == '"')
			strbuf_add(b, "\\(dq");
		else
			strbuf_add_char(b, *s);
	}
}

/* The parents of a refused property are refused or stand in the other section; children of a refused one go with it. */
static const char *without_of(const char *path)
{
	const struct shape *shape = &zone_shape;
	auto_done(strv) struct strv parts = { 0 };

	strv_split(&parts, path, '.');
	for (size_t i = 0; i < parts.n && shape; i++) {
		char *bracket = parts.items[i];
		const struct field *f;

		while (*bracket && *bracket != '[')
			bracket++;
		*bracket = '\0';
		f = bind_field(shape, parts.items[i]);
		if (f && f->flags & FIELD_UNENFORCED)
			return f->without;
		shape = f ? f->shape : NULL;
	}
	return NULL;
}

static void add_property(const char *path, const char *type, const char *fallback, const char *doc,
			 unsigned flags, void *arg)
{
	struct manual *m = arg;
	const char *without = without_of(path);
	struct strbuf *b = &m->text;

	if (m->refused != (without != NULL))
		return;
	strbuf_add(b, ".TP\n\\fB");
	add_plain(b, path);
	strbuf_add(b, "\\fR (");
	add_plain(b, type);
	strbuf_add(b, flags & FIELD_REQUIRED ? ", required)\n" : ")\n");
	add_plain(b, doc);
	if (fallback) {
		strbuf_add(b, " Default: ");
		add_plain(b, fallback);
		strbuf_add_char(b, '.');
	}
	if (!m->refused && flags & FIELD_LIVE)
		strbuf_add(b, " zone apply changes it while the zone runs.");
	if (without && flags & FIELD_UNENFORCED) {
		strbuf_add(b, " Left out, ");
		add_plain(b, without);
		strbuf_add_char(b, '.');
	}
	strbuf_add_char(b, '\n');
}

char *zone_properties_manual(void)
{
	struct manual m = { 0 }, later = { .refused = true };

	strbuf_add(
		&m.text,
		".SH PROPERTIES\nThe paths are those that\n.BR zone (8)\ntakes in \\(dqzone set NAME PATH=VALUE\\(dq;\n"
		"[] stands for an index such as [0], or [+] for a new entry.\n");
	zone_properties(add_property, &m);
	zone_properties(add_property, &later);
	if (later.text.len > 0)
		strbuf_format(
			&m.text,
			".SH LATER VERSIONS\nThese properties are known, and refused because this version cannot enforce them:\n"
			"a cap that does not hold must not look as if it did.\n"
			"A value that asks for nothing (the default, an empty list) is accepted.\n%s",
			strbuf_text(&later.text));
	strbuf_done(&later.text);
	return strbuf_steal(&m.text);
}
