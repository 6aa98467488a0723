/* Who may have which CPUs, given who has some. */
#include "runtime/zone/cpus.h"

#include <errno.h>
#include <string.h>

#include "config/spec.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static struct cpu_holders h;
static struct cpu_list got;

static void holder(const char *zone, bool dedicated, const char *cpus)
{
	struct cpu_holder *one = LIST_GROW(h.items, h.n);
	struct err e = { 0 };

	one->zone = mem_strdup(zone);
	one->dedicated = dedicated;
	CHECK_INT(cpu_list_parse(cpus, &one->cpus, &e), 0);
}

static void gives(const char *range, const char *want)
{
	struct err e = { 0 };
	int r = cpu_holders_choose(&h, range, &got, &e);
	auto_free char *text = r < 0 ? mem_strdup(e.text) : cpu_list_text(&got);

	CHECK_STR(text, want);
	CHECK(r == 0 || r == -EBUSY || r == -EINVAL);
}

static void rest(const char *want)
{
	cpu_holders_rest(&h, &got);
	auto_free char *text = cpu_list_text(&got);

	CHECK_STR(text, want);
}

int main(void)
{
	struct err e = { 0 };

	CHECK_INT(cpu_list_parse("0-3", &h.all, &e), 0);
	rest("0-3");
	gives("1", "3");
	gives("1-2", "2-3");
	gives("1-9", "1-3"); /* the host keeps one */
	gives("3", "1-3");
	gives("4", "4 of the CPUs 0-3 cannot be given away, only 3: one stays with the host");
	gives("0", "\"0\" is not a number of CPUs or a range such as 1-2");
	holder("a", true, "3");
	rest("0-2");
	gives("1-9", "1-2");
	holder("b", false, "1");
	rest("0-2"); /* a pool is shared */
	gives("1", "2");
	gives("2", "0,2"); /* the host and the pool have 1 */
	gives("3",
	      "3 of the CPUs 0-3 cannot be given away, only 2: one stays with the host, zone \"a\" has 3, zone \"b\" runs on 1 with its pool");
	cpu_holders_done(&h);
	CHECK_INT((int)h.n, 0);
	return test_done();
}
