/* zone_profile - what each value of fileMacProfile leaves writable, after the immutable zones of Solaris, on the paths of Linux.
 *
 * Each path is bound over itself, in this order, on a root that is read-only as a whole. A folder that is writable and holds one that is not stands here by itself although the one above it is
 * writable already: what is a mount point cannot be renamed, and so nobody can move the read-only folder away with its parent and put another in its place. */
#include "config/zone_spec.h"

#define WRITABLE  false
#define READ_ONLY true
#define END                                     \
	{                                       \
		.path = NULL, .readonly = false \
	}

/* What package managers and cron keep in /var is configuration: the package databases of Debian, RPM, Arch and Alpine, and the tables of cron. */
#define VAR                                                                             \
	{ "/var", WRITABLE }, { "/var/lib", WRITABLE }, { "/var/lib/dpkg", READ_ONLY }, \
		{ "/var/lib/apt", READ_ONLY }, { "/var/lib/rpm", READ_ONLY },           \
		{ "/var/lib/dnf", READ_ONLY }, { "/var/lib/pacman", READ_ONLY },        \
		{ "/var/lib/apk", READ_ONLY }, { "/var/spool", WRITABLE },              \
	{                                                                               \
		"/var/spool/cron", READ_ONLY                                            \
	}

static const struct root_part strict_parts[] = { END };
static const struct root_part fixed_parts[] = { VAR, END };
static const struct root_part flexible_parts[] = {
	VAR,
	{ "/etc", WRITABLE },
	{ "/root", WRITABLE },
	END,
};

static const struct {
	const char *name;
	const struct root_part *parts;
} profiles[] = {
	{ "none", NULL },
	{ "strict", strict_parts },
	{ "fixed-configuration", fixed_parts },
	{ "flexible-configuration", flexible_parts },
};

const char *zone_profile_word(const struct zone_spec *z)
{
	for (size_t i = 0; z && i < sizeof(profiles) / sizeof(profiles[0]); i++)
		if (str_eq(profiles[i].name, z->file_mac_profile))
			return profiles[i].name;
	return profiles[0].name;
}

const struct root_part *zone_profile_parts(const char *name)
{
	for (size_t i = 0; name && i < sizeof(profiles) / sizeof(profiles[0]); i++)
		if (str_eq(profiles[i].name, name))
			return profiles[i].parts;
	return NULL;
}
