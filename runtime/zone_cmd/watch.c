/* watch - see watch.h. */
#include "runtime/zone_cmd/watch.h"

void watch_progress(void *arg, const char *what, unsigned long long done, unsigned long long total)
{
	struct watch *w = arg;

	output_progress(&w->progress, what, done, total);
}

void watch_warn(void *arg, const char *sentence)
{
	struct watch *w = arg;

	strv_add(&w->warnings, sentence);
}

void watch_done(struct watch *w)
{
	strv_done(&w->warnings);
}
