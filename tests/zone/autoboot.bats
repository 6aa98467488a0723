#!/usr/bin/env bats
# zone autoboot: what the host runs at its start.
load helper

@test "autoboot boots the zones that say so, no others, and one that fails does not keep the others down" {
	native yes autoboot=true
	native no
	native broken autoboot=true
	rm -rf "$ZONES_STORAGE_DIR/broken/root"
	fails 1 zone autoboot
	says broken
	[ "$(state_of yes)" = running ]
	[ "$(state_of no)" = installed ]
}
