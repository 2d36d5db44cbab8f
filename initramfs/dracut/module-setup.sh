#!/bin/bash
# kdumpbox for dracut: in an image of kdump, it takes the places of makedumpfile and vmcore-dmesg.
# SPDX-License-Identifier: MIT

check() {
	require_binaries kdumpbox || return 1
	return 255	# only where kdump asks for it: dracut --add kdumpbox, or dracut_args of kdump.conf
}

depends() { return 0; }

install() {
	local program name
	program=$(type -P kdumpbox)
	inst_simple "$program" /usr/sbin/kdumpbox
	for name in makedumpfile vmcore-dmesg; do
		rm -f "${initdir:?}/usr/sbin/$name" "$initdir/usr/bin/$name" "$initdir/sbin/$name" "$initdir/bin/$name"
		ln -s kdumpbox "$initdir/usr/sbin/$name"
	done
}
