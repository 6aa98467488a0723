#include "config/mount_opts.h"

#include <linux/mount.h>
#include <string.h>

/* The idea: one row per word. A row says which MS_ flag the word turns on or off, which MOUNT_ATTR_ bit is the same thing for mount_setattr(2), and whether
 * the word is one of the recursive ones, which have no MS_ flag at all. Later words win over earlier ones, as in mount(8).
 *
 * Access times are one value of three, not independent bits: mount_setattr wants the whole MOUNT_ATTR__ATIME mask cleared and at most one bit set, and of
 * MS_NOATIME, MS_RELATIME, MS_STRICTATIME only the last one given may remain. */

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

#define MS_ATIME_MODES (MS_NOATIME | MS_RELATIME | MS_STRICTATIME)

enum word_kind {
	WORD_ON,
	WORD_OFF,
	WORD_NONE, /* accepted, means nothing */
	WORD_RECURSIVE_ON,
	WORD_RECURSIVE_OFF,
	WORD_PROPAGATION,
	WORD_BIND,
	WORD_RBIND,
	WORD_REMOUNT,
	WORD_IDMAP,
	WORD_RIDMAP,
	WORD_TMPCOPYUP,
};

/* word, kind, MS_ flag, MOUNT_ATTR_ bit; sorted by word */
#define MOUNT_WORDS(X)                                                       \
	X("acl", WORD_ON, MS_POSIXACL, 0)                                    \
	X("async", WORD_OFF, MS_SYNCHRONOUS, 0)                              \
	X("atime", WORD_OFF, MS_NOATIME, MOUNT_ATTR_NOATIME)                 \
	X("bind", WORD_BIND, 0, 0)                                           \
	X("defaults", WORD_NONE, 0, 0)                                       \
	X("dev", WORD_OFF, MS_NODEV, MOUNT_ATTR_NODEV)                       \
	X("diratime", WORD_OFF, MS_NODIRATIME, MOUNT_ATTR_NODIRATIME)        \
	X("dirsync", WORD_ON, MS_DIRSYNC, 0)                                 \
	X("exec", WORD_OFF, MS_NOEXEC, MOUNT_ATTR_NOEXEC)                    \
	X("idmap", WORD_IDMAP, 0, 0)                                         \
	X("iversion", WORD_ON, MS_I_VERSION, 0)                              \
	X("lazytime", WORD_ON, MS_LAZYTIME, 0)                               \
	X("loud", WORD_OFF, MS_SILENT, 0)                                    \
	X("mand", WORD_ON, MS_MANDLOCK, 0)                                   \
	X("noacl", WORD_OFF, MS_POSIXACL, 0)                                 \
	X("noatime", WORD_ON, MS_NOATIME, MOUNT_ATTR_NOATIME)                \
	X("nodev", WORD_ON, MS_NODEV, MOUNT_ATTR_NODEV)                      \
	X("nodiratime", WORD_ON, MS_NODIRATIME, MOUNT_ATTR_NODIRATIME)       \
	X("noexec", WORD_ON, MS_NOEXEC, MOUNT_ATTR_NOEXEC)                   \
	X("noiversion", WORD_OFF, MS_I_VERSION, 0)                           \
	X("nolazytime", WORD_OFF, MS_LAZYTIME, 0)                            \
	X("nomand", WORD_OFF, MS_MANDLOCK, 0)                                \
	X("norelatime", WORD_OFF, MS_RELATIME, MOUNT_ATTR__ATIME)            \
	X("nostrictatime", WORD_OFF, MS_STRICTATIME, MOUNT_ATTR_STRICTATIME) \
	X("nosuid", WORD_ON, MS_NOSUID, MOUNT_ATTR_NOSUID)                   \
	X("nosymfollow", WORD_ON, MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW)    \
	X("private", WORD_PROPAGATION, MS_PRIVATE, 0)                        \
	X("ratime", WORD_RECURSIVE_OFF, 0, MOUNT_ATTR_NOATIME)               \
	X("rbind", WORD_RBIND, 0, 0)                                         \
	X("rdev", WORD_RECURSIVE_OFF, 0, MOUNT_ATTR_NODEV)                   \
	X("rdiratime", WORD_RECURSIVE_OFF, 0, MOUNT_ATTR_NODIRATIME)         \
	X("relatime", WORD_ON, MS_RELATIME, MOUNT_ATTR__ATIME)               \
	X("remount", WORD_REMOUNT, 0, 0)                                     \
	X("rexec", WORD_RECURSIVE_OFF, 0, MOUNT_ATTR_NOEXEC)                 \
	X("ridmap", WORD_RIDMAP, 0, 0)                                       \
	X("rnoatime", WORD_RECURSIVE_ON, 0, MOUNT_ATTR_NOATIME)              \
	X("rnodev", WORD_RECURSIVE_ON, 0, MOUNT_ATTR_NODEV)                  \
	X("rnodiratime", WORD_RECURSIVE_ON, 0, MOUNT_ATTR_NODIRATIME)        \
	X("rnoexec", WORD_RECURSIVE_ON, 0, MOUNT_ATTR_NOEXEC)                \
	X("rnorelatime", WORD_RECURSIVE_OFF, 0, MOUNT_ATTR__ATIME)           \
	X("rnostrictatime", WORD_RECURSIVE_OFF, 0, MOUNT_ATTR_STRICTATIME)   \
	X("rnosuid", WORD_RECURSIVE_ON, 0, MOUNT_ATTR_NOSUID)                \
	X("rnosymfollow", WORD_RECURSIVE_ON, 0, MOUNT_ATTR_NOSYMFOLLOW)      \
	X("ro", WORD_ON, MS_RDONLY, MOUNT_ATTR_RDONLY)                       \
	X("rprivate", WORD_PROPAGATION, MS_REC | MS_PRIVATE, 0)              \
	X("rrelatime", WORD_RECURSIVE_ON, 0, MOUNT_ATTR__ATIME)              \
	X("rro", WORD_RECURSIVE_ON, 0, MOUNT_ATTR_RDONLY)                    \
	X("rrw", WORD_RECURSIVE_OFF, 0, MOUNT_ATTR_RDONLY)                   \
	X("rshared", WORD_PROPAGATION, MS_REC | MS_SHARED, 0)                \
	X("rslave", WORD_PROPAGATION, MS_REC | MS_SLAVE, 0)                  \
	X("rstrictatime", WORD_RECURSIVE_ON, 0, MOUNT_ATTR_STRICTATIME)      \
	X("rsuid", WORD_RECURSIVE_OFF, 0, MOUNT_ATTR_NOSUID)                 \
	X("rsymfollow", WORD_RECURSIVE_OFF, 0, MOUNT_ATTR_NOSYMFOLLOW)       \
	X("runbindable", WORD_PROPAGATION, MS_REC | MS_UNBINDABLE, 0)        \
	X("rw", WORD_OFF, MS_RDONLY, MOUNT_ATTR_RDONLY)                      \
	X("shared", WORD_PROPAGATION, MS_SHARED, 0)                          \
	X("silent", WORD_ON, MS_SILENT, 0)                                   \
	X("slave", WORD_PROPAGATION, MS_SLAVE, 0)                            \
	X("strictatime", WORD_ON, MS_STRICTATIME, MOUNT_ATTR_STRICTATIME)    \
	X("suid", WORD_OFF, MS_NOSUID, MOUNT_ATTR_NOSUID)                    \
	X("symfollow", WORD_OFF, MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW)     \
	X("sync", WORD_ON, MS_SYNCHRONOUS, 0)                                \
	X("tmpcopyup", WORD_TMPCOPYUP, 0, 0)                                 \
	X("unbindable", WORD_PROPAGATION, MS_UNBINDABLE, 0)

struct word {
	const char *name;
	enum word_kind kind;
	unsigned long flag;
	uint64_t attr;
};

#define AS_ROW(name, kind, flag, attr)  { name, kind, flag, attr },
#define AS_WORD(name, kind, flag, attr) name,

static const struct word words[] = { MOUNT_WORDS(AS_ROW) };
static const char *const word_names[] = { MOUNT_WORDS(AS_WORD) NULL };

static const struct word *word_find(const char *name)
{
	size_t low = 0, high = sizeof(words) / sizeof(words[0]);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, words[middle].name);

		if (order == 0)
			return &words[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static void flag_apply(struct mount_opts *o, unsigned long flag, bool on)
{
	if (on && (flag & MS_ATIME_MODES))
		o->set &= ~(unsigned long)MS_ATIME_MODES;
	if (on) {
		o->set |= flag;
		o->clear &= ~flag;
	} else {
		o->clear |= flag;
		o->set &= ~flag;
	}
}

static void attr_apply(uint64_t *set, uint64_t *clear, uint64_t attr, bool on)
{
	if (attr & MOUNT_ATTR__ATIME) {
		*set &= ~(uint64_t)MOUNT_ATTR__ATIME;
		*clear |= MOUNT_ATTR__ATIME;
		/* MOUNT_ATTR__ATIME itself stands for relatime, whose bit pattern is zero */
		if (on && attr != MOUNT_ATTR__ATIME)
			*set |= attr;
		return;
	}
	if (on) {
		*set |= attr;
		*clear &= ~attr;
	} else {
		*clear |= attr;
		*set &= ~attr;
	}
}

static void word_apply(struct mount_opts *o, const struct word *w)
{
	switch (w->kind) {
	case WORD_ON:
	case WORD_OFF:
		flag_apply(o, w->flag, w->kind == WORD_ON);
		attr_apply(&o->attr_set, &o->attr_clear, w->attr, w->kind == WORD_ON);
		break;
	case WORD_RECURSIVE_ON:
	case WORD_RECURSIVE_OFF:
		attr_apply(&o->rattr_set, &o->rattr_clear, w->attr, w->kind == WORD_RECURSIVE_ON);
		break;
	case WORD_PROPAGATION:
		o->propagation = w->flag;
		break;
	case WORD_BIND:
		o->bind = true;
		break;
	case WORD_RBIND:
		o->bind = o->recursive = true;
		break;
	case WORD_REMOUNT:
		o->remount = true;
		break;
	case WORD_IDMAP:
		o->idmap = true;
		break;
	case WORD_RIDMAP:
		o->ridmap = true;
		break;
	case WORD_TMPCOPYUP:
		o->tmpcopyup = true;
		break;
	case WORD_NONE:
		break;
	}
}

void mount_opts_parse(const struct strv *options, struct mount_opts *ret)
{
	*ret = (struct mount_opts){ 0 };
	for (size_t i = 0; i < options->n; i++) {
		const char *option = options->items[i];
		const struct word *w = word_find(option);

		if (w) {
			word_apply(ret, w);
			continue;
		}
		if (str_empty(option))
			continue;
		if (ret->data.len)
			strbuf_add_char(&ret->data, ',');
		strbuf_add(&ret->data, option);
	}
}

void mount_opts_done(struct mount_opts *o)
{
	strbuf_done(&o->data);
}

const char *const *mount_opts_words(void)
{
	return word_names;
}
