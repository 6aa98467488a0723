/* protect - memory.low of cgroup v2 protects nobody whose parent is not protected as well: the kernel hands out what the parent has, and zones share one folder.
 *
 * So that folder has the sum of what its zones have. It is counted anew after each change; whoever changes something at the same time counts after its own change, and the last
 * count sees both. Only our own folder is touched: in what other programs made (a slice, a pod) the sums are theirs. */
#include "cgroups/driver.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"

enum { NUMBER_BYTES = 64, MAX_ROUNDS = 10, HASH_DIGITS = 8 };

static uint64_t low_of(int dirfd, const char *child)
{
	auto_free char *path = mem_format("%s/memory.low", child);
	auto_free char *text = NULL;
	struct err ignored = { 0 };
	uint64_t v = 0;

	if (file_read_all(dirfd, path, NUMBER_BYTES, &text, NULL, &ignored) < 0)
		return 0; /* gone, or without the controller */
	text[strcspn(text, "\n")] = '\0';
	if (str_eq(text, "max"))
		return UINT64_MAX;
	return num_u64(text, &v) == 0 ? v : 0;
}

int protect_sum(const char *folder, uint64_t *ret, struct err *e)
{
	uint64_t sum = 0;
	DIR *d = opendir(folder);

	if (!d)
		return err_sys(e, "read \"%s\"", folder);
	for (struct dirent *entry = readdir(d); entry; entry = readdir(d)) {
		uint64_t low;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		low = low_of(dirfd(d), entry->d_name);
		sum = low > UINT64_MAX - sum ? UINT64_MAX : sum + low;
	}
	(void)closedir(d); /* only read */
	*ret = sum;
	return 0;
}

static int write_sum(const char *folder, uint64_t sum, struct err *e)
{
	auto_free char *file = mem_format("%s/memory.low", folder);
	auto_free char *text = sum == UINT64_MAX ? mem_strdup("max") : mem_format("%" PRIu64, sum);
	int r = file_write_kernel(AT_FDCWD, file, text, e);

	return r < 0 ? err_wrap(e, "memory.reservation: give the folder of all zones their sum")
		     : 0;
}

/* "/zones/web" or "/zones-01234abc/web": the folder of all zones of a directory of states (runtime/zone/tenants.c), and nothing that only begins like it. */
static bool is_in_ours(const char *path)
{
	static const char digits[] = "0123456789abcdef";
	const char *rest = str_after(path, "/zones");

	if (rest && *rest == '-')
		rest = strspn(rest + 1, digits) == HASH_DIGITS ? rest + 1 + HASH_DIGITS : NULL;
	return rest && *rest == '/' && !strchr(rest + 1, '/');
}

int protect_folder(struct cgroup *cg, struct err *e)
{
	struct cgroup_part *p = part_of_v1(cg, "memory") ? NULL : part_unified(cg);
	const char *slash = p ? strrchr(p->dir, '/') : NULL;
	uint64_t sum, again = 0;

	if (!slash || !is_in_ours(p->path))
		return 0;
	auto_free char *folder = mem_strndup(p->dir, (size_t)(slash - p->dir));
	int r = protect_sum(folder, &again, e);

	for (int i = 0; r == 0 && i < MAX_ROUNDS; i++) {
		sum = again;
		r = write_sum(folder, sum, e);
		if (r == 0)
			r = protect_sum(folder, &again, e);
		if (r == 0 && sum == again)
			break;
	}
	return r;
}
