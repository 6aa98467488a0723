/* disk - the host's table of disks, narrowed to those that the zone has used. */
#include "runtime/view/view.h"

#include <stdio.h>
#include <string.h>

enum { SECTOR = 512, NAME_MAX_LENGTH = 63, PAGE = 4096, KIB = 1024 };

struct transfers {
	uint64_t read_bytes, write_bytes, discard_bytes, reads, writes, discards;
};

static uint64_t known(uint64_t v)
{
	return v == VIEW_NONE ? 0 : v;
}

/* The next line with this device at its beginning, behind the device. */
static const char *device_line(const char **at, const char *device)
{
	size_t n = strlen(device);

	while (*at && **at) {
		const char *line = *at;

		*at = strchr(line, '\n');
		if (*at)
			(*at)++;
		if (strncmp(line, device, n) == 0 && line[n] == ' ')
			return line + n + 1;
	}
	return NULL;
}

/* v1 has a line for each kind of transfer: "8:0 Read 4096". */
static uint64_t v1_number(const char *text, const char *device, const char *kind)
{
	size_t n = strlen(kind);
	const char *line;

	while ((line = device_line(&text, device)) != NULL)
		if (strncmp(line, kind, n) == 0 && line[n] == ' ')
			return known(view_number(line + n + 1));
	return 0;
}

static bool find_v1(const char *bytes, const char *operations, const char *device,
		    struct transfers *ret)
{
	const char *at = bytes;

	if (!device_line(&at, device))
		return false;
	*ret = (struct transfers){ .read_bytes = v1_number(bytes, device, "Read"),
				   .write_bytes = v1_number(bytes, device, "Write"),
				   .discard_bytes = v1_number(bytes, device, "Discard"),
				   .reads = v1_number(operations, device, "Read"),
				   .writes = v1_number(operations, device, "Write"),
				   .discards = v1_number(operations, device, "Discard") };
	return true;
}

/* v2: "8:0 rbytes=4096 wbytes=0 rios=1 ..." */
static bool find_v2(const char *text, const char *device, struct transfers *ret)
{
	const char *line = device_line(&text, device);

	if (!line)
		return false;
	*ret = (struct transfers){ .read_bytes = known(view_value(line, "rbytes")),
				   .write_bytes = known(view_value(line, "wbytes")),
				   .discard_bytes = known(view_value(line, "dbytes")),
				   .reads = known(view_value(line, "rios")),
				   .writes = known(view_value(line, "wios")),
				   .discards = known(view_value(line, "dios")) };
	return true;
}

void view_diskstats(struct view_text *t, const char *host, const char *bytes,
		    const char *operations, bool v1)
{
	for (const char *line = host; line && *line; line = strchr(line, '\n')) {
		unsigned major, minor;
		char name[NAME_MAX_LENGTH + 1], device[32];
		struct transfers x;

		line += *line == '\n';
		if (sscanf(line, "%u %u %63s", &major, &minor, name) != 3)
			continue;
		(void)snprintf(device, sizeof(device), "%u:%u", major, minor);
		if (!(v1 ? find_v1(bytes, operations, device, &x) : find_v2(bytes, device, &x)))
			continue;
		view_add(t, "%4u %7u %s %llu 0 %llu 0 %llu 0 %llu 0 0 0 0 %llu 0 %llu 0 0 0\n",
			 major, minor, name, (unsigned long long)x.reads,
			 (unsigned long long)(x.read_bytes / SECTOR), (unsigned long long)x.writes,
			 (unsigned long long)(x.write_bytes / SECTOR),
			 (unsigned long long)x.discards,
			 (unsigned long long)(x.discard_bytes / SECTOR));
	}
}

/* Of all devices. */
static uint64_t sum(const char *bytes, const char *v1_kind, const char *v2_word, bool v1)
{
	size_t n = strlen(v1_kind);
	uint64_t all = 0;

	for (const char *line = bytes; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		const char *rest = line + strcspn(line, " \n");

		if (v1 && *rest == ' ' && strncmp(rest + 1, v1_kind, n) == 0 && rest[n + 1] == ' ')
			all += known(view_number(rest + n + 2));
		else if (!v1)
			all += known(view_value(line, v2_word));
	}
	return all;
}

void view_vmstat(struct view_text *t, const struct view_memory *m, const char *bytes, bool v1)
{
	const struct {
		const char *name;
		uint64_t value;
	} lines[] = {
		{ "nr_free_pages", (m->total - m->used) / PAGE },
		{ "nr_inactive_anon", m->inactive_anon / PAGE },
		{ "nr_active_anon", m->active_anon / PAGE },
		{ "nr_inactive_file", m->inactive_file / PAGE },
		{ "nr_active_file", m->active_file / PAGE },
		{ "nr_unevictable", m->unevictable / PAGE },
		{ "nr_anon_pages", m->anon / PAGE },
		{ "nr_mapped", m->mapped / PAGE },
		{ "nr_file_pages", m->file / PAGE },
		{ "nr_dirty", m->dirty / PAGE },
		{ "nr_writeback", m->writeback / PAGE },
		{ "nr_shmem", m->shmem / PAGE },
		{ "pgpgin", sum(bytes, "Read", "rbytes", v1) / KIB },
		{ "pgpgout", sum(bytes, "Write", "wbytes", v1) / KIB },
		{ "pswpin", 0 },
		{ "pswpout", 0 },
		{ "pgfault", m->faults },
		{ "pgmajfault", m->major_faults },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		view_add(t, "%s %llu\n", lines[i].name, (unsigned long long)lines[i].value);
}
