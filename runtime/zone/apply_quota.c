/* apply_quota - disk space of a running zone. Its files must be counted already, so the first limit waits for the next boot. */
#include "runtime/zone/apply.h"

#include "runtime/zone/quota.h"

const char *apply_quota_judge(const struct change *c, const struct json *running,
			      const struct json *wanted)
{
	(void)c;
	(void)wanted;
	if (json_get(running, "quota") || json_get(running, "quotaInodes"))
		return NULL;
	return "its files are counted from its next boot";
}

static int quota_run(struct apply *a, const struct change *c, bool back, struct err *e)
{
	(void)c;
	return quota_set(&a->zone->record, back ? a->zone_before : a->zone_after, e);
}

const struct change_act apply_quota = { .together = true, .run = quota_run };
