/* skeleton_etc - the files of a native zone's /etc whose text is ours. Private to runtime/zone. */
#ifndef RUNTIME_ZONE_SKELETON_ETC_H
#define RUNTIME_ZONE_SKELETON_ETC_H

#include <stdbool.h>
#include <sys/types.h>

struct skeleton_file {
	const char *path; /* below the root; NULL ends the table */
	mode_t mode;
	gid_t gid;
	const char *text;
	bool starts_with_root; /* put root's line of passwd in front, with a shell that the host has */
};
extern const struct skeleton_file skeleton_etc[];

#endif
