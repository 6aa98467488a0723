/* init_status - what zone-init tells the monitor, over the seqpacket socket that zone-init has as descriptor 3.
 *
 * One fixed-size packet per event. It comes from inside the zone, whose root may control zone-init: the monitor checks the size and the magic, shows the numbers and decides nothing
 * that could harm the host with them. Included by runtime/zone_init (which links nothing of the library) and by the monitor. */
#ifndef RUNTIME_ZONE_INIT_STATUS_H
#define RUNTIME_ZONE_INIT_STATUS_H

#include <stdint.h>

#define INIT_STATUS_MAGIC 0x5a4f4e45u /* "ZONE" */
#define INIT_STATUS_FD    3

enum init_event {
	INIT_EVENT_UP = 1,  /* zone-init runs; there may be no service */
	INIT_EVENT_STARTED, /* the service runs: pid (in the zone) */
	INIT_EVENT_EXITED,  /* it ended: status as waitpid gives it; it will be restarted */
	INIT_EVENT_DONE,    /* it ended and the policy does not restart it: status */
	INIT_EVENT_MAINTENANCE, /* it failed too often (status of the last time) or cannot be started (error) */
};

struct init_status {
	uint32_t magic;
	uint32_t event;
	int32_t pid;
	int32_t status;
	int32_t error; /* errno of a failed start, 0 */
	uint32_t restarts;
};

#endif
