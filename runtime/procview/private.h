/* private - what the files of zone-procview offer each other. One process, one thread; see procview.h. */
#ifndef RUNTIME_PROCVIEW_PRIVATE_H
#define RUNTIME_PROCVIEW_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/procview/procview.h"
#include "runtime/view/view.h"

#define NS_PER_S UINT64_C(1000000000)

/* sources.c: the open files, and what has to be remembered between two looks at them. */
struct sources {
	int fds[PROCVIEW_SOURCES]; /* -1: this host does not have it */
	bool v1[PROCVIEW_SOURCES];
	uint64_t boot;
	struct view_clock clock;
	struct view_load load;
};
/* The text of procview_files[file], made now. `failed` in it: no memory. */
void sources_text(struct sources *s, unsigned file, struct view_text *t);
uint64_t sources_now(int clock); /* nanoseconds */

/* seal.c: become `uid`, without any right, and with no system call left but those that serving needs. False: could not. */
bool seal(uint32_t uid);

/* serve.c: answer the kernel until the file system is gone. Returns the process's exit code. */
int serve(int device, struct sources *s);

#endif
