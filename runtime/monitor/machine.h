/* machine - the monitor's decisions as one table: state x event -> action and next state. Pure. */
#ifndef RUNTIME_MONITOR_MACHINE_H
#define RUNTIME_MONITOR_MACHINE_H

enum machine_state {
	MACHINE_DOWN, /* nothing of the zone is there: before the first boot, or waiting to restart */
	MACHINE_READY,
	MACHINE_RUNNING,
	MACHINE_STOPPING, /* init was asked to end */
	MACHINE_STATE_COUNT,
};

enum machine_event {
	EVENT_START,       /* request: ready -> running */
	EVENT_HALT,        /* request, or SIGINT to the monitor */
	EVENT_SHUTDOWN,    /* request, or SIGTERM to the monitor */
	EVENT_REBOOT,      /* request: halt and boot */
	EVENT_INIT_ENDED,  /* the pidfd says so */
	EVENT_INIT_REBOOT, /* init ended by reboot(RESTART) inside */
	EVENT_TIMER,       /* shutdown deadline, or restart due */
	MACHINE_EVENT_COUNT,
};

enum machine_action {
	ACTION_NONE,
	ACTION_START,    /* let init go on */
	ACTION_ASK,      /* signal init, set the deadline */
	ACTION_HASTEN,   /* the same again, where the deadline comes nearer by it */
	ACTION_HALT,     /* take down, store nothing, leave */
	ACTION_CYCLE,    /* take down and bring up again */
	ACTION_ENDED,    /* init ended by itself: take down, restart policy decides */
	ACTION_DEADLINE, /* it did not end in time: halt, or cycle when a reboot was wanted */
	ACTION_BOOT,     /* restart is due */
};

enum machine_action machine_action(enum machine_state s, enum machine_event ev);

#endif
