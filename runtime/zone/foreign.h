/* foreign - configurations of other container managers as a zone's: what maps is mapped, the rest is listed with a reason. Private to runtime/zone.
 *
 * A reader (foreign_lxc.c, foreign_nspawn.c, foreign_docker.c, foreign_zonecfg.c) turns a text into items, a key with a value and a line each, and has a table of rules, one row for each key that is
 * known. foreign_run() goes through the rules in their order and gives each item to the first rule that fits; an item that no rule knows is listed as such.
 *
 * A value is put into the configuration only if the configuration is still valid as a whole with it; else it is listed with what the check says. So the result is always a valid file.
 * Texts may come from an enemy: sizes and numbers of items are bounded, errors name the line. */
#ifndef RUNTIME_ZONE_FOREIGN_H
#define RUNTIME_ZONE_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/diag.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/zone/zone.h"

enum { FOREIGN_TEXT_MAX = 512 << 10, FOREIGN_ITEMS_MAX = 4000 };

struct foreign_item {
	char *key;
	char *value;             /* as written; of JSON: compact */
	const struct json *json; /* of docker inspect; else NULL */
	int line;
	bool done;
};

struct foreign;
struct foreign_rule {
	const char *key;      /* with "*" for any text */
	const char *property; /* where the value goes as it is, or what `take` makes of it */
	void (*take)(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r);
	const char *
		left; /* why it is left out; all three NULL: it says nothing about a configuration */
};

/* "lxc.net.0" became "anet[0]". */
struct foreign_place {
	char *key, *place;
};

struct foreign {
	struct json *config;
	struct foreign_item *items;
	size_t n;
	struct foreign_place *places;
	size_t n_places;
	struct json *document; /* what items of JSON point into */
	struct zone_foreign *report;
	struct diag_list *diags; /* what is wrong with the text itself */
};
void foreign_done(struct foreign *f);

/* --- for readers --- */
/* Add an item; false when there are too many (a diagnostic says so). */
bool foreign_add(struct foreign *f, const char *key, const char *value, int line);
/* The text is wrong at that line. */
void foreign_bad(struct foreign *f, int line, const char *format, ...) PRINTF_LIKE(3, 4);
/* Call `each` for every line, without blanks around it, numbered from 1; empty lines and those that begin with one of `comment` are passed over. A line with control characters is refused. */
void foreign_lines(struct foreign *f, const char *text, const char *comment,
		   void (*each)(struct foreign *f, char *line, int number));
void foreign_run(struct foreign *f, const struct foreign_rule *rules);

/* --- for rules --- */
/* The value of the last item of that key; NULL. Borrowed. */
const char *foreign_value(const struct foreign *f, const char *key);
/* Put a text, or JSON, at a path ("anet[0].mtu", "fs[+]"). Lists the outcome; true when it was put. */
bool foreign_put(struct foreign *f, const struct foreign_item *i, const char *path,
		 const char *text);
bool foreign_put_json(struct foreign *f, const struct foreign_item *i, const char *path,
		      struct json *value); /* takes the value */
void foreign_leave(struct foreign *f, const struct foreign_item *i, const char *format, ...)
	PRINTF_LIKE(3, 4);
/* Remember where an object went; and find it. */
void foreign_remember(struct foreign *f, const char *key, const char *place);
const char *foreign_place(const struct foreign *f, const char *key);
/* The root file system that belongs to it. */
void foreign_root(struct foreign *f, const struct foreign_item *i, const char *path);

/* --- values that several of them have (foreign_values.c); each is a `take` --- */
typedef void foreign_take(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r);
foreign_take foreign_take_yes;  /* yes, true, on, 1: true; else left out as what is so anyway */
foreign_take foreign_take_size; /* bytes; "max", "-1", "infinity": no limit */
foreign_take foreign_take_count;
foreign_take foreign_take_env;     /* NAME=VALUE */
foreign_take foreign_take_command; /* words with quotes */
foreign_take
	foreign_take_list; /* words with blanks or commas, with or without brackets; `property` ends in "[+]" */
foreign_take foreign_take_map; /* the part of the key that "*" stands for is the name */
foreign_take
	foreign_take_privileges; /* property "": added to the default; "!": taken from it; "none": instead of it */
/* The part of an item's key that the rule's "*" stands for. Freshly allocated. */
char *foreign_star(const struct foreign_item *i, const struct foreign_rule *r);
/* Split at blanks; '...' and "..." hold together. */
void foreign_words(const char *text, struct strv *ret);
/* A directory of the host in the zone. `options`: words with commas, unknown ones are dropped. */
void foreign_mount(struct foreign *f, const struct foreign_item *i, const char *special,
		   const char *dir, const char *options);
/* Memory from nothing. */
void foreign_tmpfs(struct foreign *f, const struct foreign_item *i, const char *dir,
		   const char *options);
/* CPU time in CPUs: quota/period. */
void foreign_cpus(struct foreign *f, const struct foreign_item *i, const char *quota,
		  const char *period);
/* A limit with a soft and a hard value, as texts; NULL: the same. */
void foreign_rlimit(struct foreign *f, const struct foreign_item *i, const char *name,
		    const char *soft, const char *hard);
/* Is it an architecture's name that this machine runs under? */
foreign_take foreign_take_architecture;

/* --- readers --- */
void foreign_read_lxc(struct foreign *f, const char *text);
void foreign_read_nspawn(struct foreign *f, const char *text);
void foreign_read_zonecfg(struct foreign *f, const char *text);
void foreign_read_docker(struct foreign *f, const char *text);
extern const struct foreign_rule foreign_lxc_rules[], foreign_nspawn_rules[],
	foreign_zonecfg_rules[], foreign_docker_rules[];

#endif
