/* apply_net - the place for changes of the network while a zone runs: entries of anet, net and publish, members of dns.
 *
 * Not yet: every change waits for the next boot. To make one live, let the judge return NULL for it and the act do it; `c` has the entry as it was and as it shall be, a->zone->run.net_saved what
 * net_attach() has made, and the zone's monitor is the one who writes that. */
#include "runtime/zone/apply.h"

#include <errno.h>

const char *apply_net_judge(const struct change *c, const struct json *running,
			    const struct json *wanted)
{
	(void)c;
	(void)running;
	(void)wanted;
	return "the zone's network is made when it boots";
}

static int net_run(struct apply *a, const struct change *c, bool back, struct err *e)
{
	(void)a;
	(void)back;
	return err_set(e, EOPNOTSUPP, "%s: cannot be changed while the zone runs", c->path);
}

const struct change_act apply_net = { .run = net_run };
