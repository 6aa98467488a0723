/* changes - what differs between the configuration that a zone runs with and the one that it should have, and what becomes of each difference. Pure; private to runtime/zone.
 *
 * Both are documents of effective configurations (zone_spec_save() of zone_effective()). A change is a property, a member of an object or a map ("cappedMemory.physical", "attr.owner"), or
 * one entry of a list, named by what tells it from the others and not by its place ("fs[/srv/data]", "device[/dev/fuse]", "anet[net0]"): an index would mean two things in two documents.
 * What becomes of it says one table, change_rules.c: a row for each property that is not simply read at boot. */
#ifndef RUNTIME_ZONE_CHANGES_H
#define RUNTIME_ZONE_CHANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

enum change_how {
	CHANGE_LIVE,    /* now, while the zone runs */
	CHANGE_REBOOT,  /* from its next boot */
	CHANGE_REFUSED, /* not as long as the zone is installed */
};
const char *change_how_word(enum change_how how); /* "live" "reboot" "refused" */

struct apply;
struct change;

/* Something that is done to the kernel for changes. */
struct change_act {
	bool together; /* all changes with this act are one step: run() is called once, with the first of them */
	/* Make the zone as `change` says, or as it was before when `back`. A run that fails has left the zone as it found it, but with -ENOTRECOVERABLE: then it is not known how it is. What is so already is success. */
	int (*run)(struct apply *a, const struct change *c, bool back, struct err *e);
	/* Before or after others; the smaller first. NULL: 0. */
	int (*order)(const struct change *c);
	/* run() looks at the two configurations and not at the change: so where a change that was under way has to wait now, it makes the zone as it was. */
	bool settles;
};

struct change_rule {
	const char *path; /* "cappedMemory", or "cappedMemory.locked", which wins */
	enum change_how how;
	const struct change_act
		*act;    /* CHANGE_LIVE; NULL: whoever needs the value reads it when it does */
	const char *why; /* a clause: why not now; for live ones what is to be known, or NULL */
	/* CHANGE_LIVE: why this very change has to wait, or NULL. May be NULL. */
	const char *(*judge)(const struct change *c, const struct json *running,
			     const struct json *wanted);
};
/* The row of a path; never NULL. */
const struct change_rule *change_rule_find(const char *path);
/* Every row; NULL past the end. */
const struct change_rule *change_rule_at(size_t i);

struct change {
	char *path;
	char *key,
		*name; /* the parts of the path: "fs" and "/srv/data"; name NULL: the whole property */
	struct json *from, *to; /* NULL: absent. Both NULL only when `again` */
	enum change_how how;
	const char *why; /* NULL */
	const struct change_act *act;
	bool again; /* it was under way when an apply was killed: what holds is not known */
};
struct changes {
	struct change *items;
	size_t n;
};
void changes_done(struct changes *c);

/* In the order of the documents. `unsure` (may be NULL): paths of changes that were under way; they are in the result whether their values differ or not. */
void changes_find(const struct json *running, const struct json *wanted, const struct strv *unsure,
		  struct changes *ret);
size_t changes_count(const struct changes *c, enum change_how how);
/* What runs when all live changes are made: `wanted`, with what must wait as it was. */
struct json *changes_merge(const struct json *running, const struct json *wanted,
			   const struct changes *c);

/* The entry of a list of this name, NULL; and the name of an entry (freshly allocated). For judges and acts. */
const struct json *change_item_find(const struct json *document, const char *key, const char *name);
char *change_item_name(const struct json *list, const char *key, size_t i);

#endif
