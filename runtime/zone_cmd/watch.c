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

struct zone_install watch_options(struct watch *w)
{
	return (struct zone_install){ .progress = watch_progress, .arg = w, .warn = watch_warn };
}

char *watch_note(struct watch *w)
{
	output_progress_end(&w->progress);
	return w->warnings.n > 0 ? strv_join(&w->warnings, "; ") : NULL;
}

void watch_done(struct watch *w)
{
	strv_done(&w->warnings);
}
