/* convert - arithmetic between the words of OCI, which are those of cgroup v1, and cgroup v2. Pure. Private to this folder. */
#ifndef CGROUPS_CONVERT_H
#define CGROUPS_CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/spec.h"
#include "runtime/base/err.h"

/* cpu.shares 2 ... 262144 -> cpu.weight 1 ... 10000 with 1024 -> 100: 10^((l^2 + 125 l) / 612 - 7/34), l = log2(shares), rounded up. 0 gives 0. */
uint64_t convert_shares(uint64_t shares);
/* blkio.weight 10 ... 1000 -> io.weight 1 ... 10000. 0 gives 0. */
uint64_t convert_io_weight(uint64_t weight);

/* memory+swap -> swap alone. `limit` is the memory limit; -1 is unlimited, values not set and 0 mean "not given". *ret is -1 for unlimited.
 * *ret_write is false when there is nothing to set. -EINVAL: swap without a memory limit, or below it. */
MUST_CHECK int convert_swap(struct opt_i64 memsw, struct opt_i64 limit, bool *ret_write,
			    int64_t *ret, struct err *e);

/* "0-3,7": every number of `list` is in `of`. -EINVAL: not a list; -ERANGE names the first that is missing in *ret_missing. */
MUST_CHECK int convert_list_within(const char *list, const char *of, unsigned *ret_missing);

/* "0-1,9" as a map of bits, eight to a byte, the lowest first; *ret_n bytes are in use. bytes of CONVERT_LIST_MAX / 8. */
enum { CONVERT_LIST_MAX = 8192 };
MUST_CHECK int convert_list_bits(const char *list, uint8_t *bytes, size_t size, size_t *ret_n);

/* An OCI page size is a file name's part: "2MB", "1GB", "64KB"; the kernel's own spelling and nothing else. */
bool convert_is_page_size(const char *s);
/* ... in KiB, for /sys/kernel/mm/hugepages/hugepages-2048kB; 0 when it is none. */
uint64_t convert_page_kib(const char *s);

#endif
