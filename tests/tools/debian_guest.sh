# debian_guest.sh - a Debian that is booted again and again, and what it did: sourced by oracle/debian-*.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Steps are a shell script, which the guest runs as root after multi-user.target. In it
#   run NAME COMMAND...     leaves what COMMAND said in /root/out/NAME and its exit status in NAME.status
# After the run files of the guest are read by guest_files. Nothing is read from the console: the kernel
# writes there too.

# debian_guest SERIES [PACKAGE...]: a disk of our own
debian_guest() {
	KERNEL=$1
	image=$("$TOP/qemu/debian" "$@") || exit
	cp --sparse=always "$image/disk.img" disk.img
	boots=0
}

# boot_debian CRASHKERNEL [FILE...] <STEPS: boots with crashkernel=CRASHKERNEL ("": without), does STEPS beside
# FILEs, and ends at the reset: of the reboot after them, or of the capture kernel. It has one processor, and one for
# which no drivers are loaded (AES, AVX, virtual machines): that would be half of a boot.
boot_debian() {
	local crashkernel=$1 end dir
	shift
	boots=$((boots + 1))
	dir=steps.$boots
	mkdir "$dir"
	cat - >"$dir/asked"
	cat >"$dir/steps" <<-'END'
	mkdir -p /root/out
	export HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin
	run() {
		name=$1
		shift
		echo "guest: $*"
		status=0
		"$@" >/root/out/$name 2>&1 || status=$?
		echo $status >/root/out/$name.status
		cat /root/out/$name
		echo "guest: exit $status"
	}
	. ./asked
	END
	[ $# -eq 0 ] || cp "$@" "$dir/"
	tar -C "$dir" -b 64 -cf "$dir.tar" .
	"$TOP/qemu/vm" --log "boot.$boots.log" --kernel "$image/vmlinuz" --initrd "$image/initrd.img" \
		--append "$(cat "$image/cmdline")${crashkernel:+ crashkernel=$crashkernel}" --smp 1 \
		--cpu qemu64,-svm,+rdrand --disk disk.img --disk "$dir.tar" --deadline 3000 ||
		fail "boot $boots ended with status $?"
	read -r end _ <"boot.$boots.log.end"
	[ "$end" = guest-reset ] || fail "boot $boots ended with $end"
	grep -aq '^guest: steps begin' "boot.$boots.log" || fail "boot $boots did not come to its steps"
}

# guest_files DIR OUT: a directory of the disk, which the last kernel, be it a capture kernel, has unmounted
guest_files() {
	! dumpe2fs -h disk.img 2>/dev/null | grep needs_recovery >/dev/null || fail "the guest did not unmount its disk"
	rm -rf "${2:?}"
	mkdir "$2"
	debugfs -R "rdump $1 $2" disk.img 2>"$2.debugfs"
}

# did NAME STATUS [REGEX]: the step NAME ended with STATUS, and a line that it printed matches REGEX
did() {
	[ -e "out/out/$1" ] || fail "the guest did not come to: $1"
	[ "$(cat "out/out/$1.status")" = "$2" ] ||
		fail "$1: exit status $(cat "out/out/$1.status"), not $2: $(tail -n 5 "out/out/$1")"
	[ -z "${3-}" ] || grep -qE -- "$3" "out/out/$1" || fail "$1: no line matches $3: $(cat "out/out/$1")"
}

# did_not_return NAME: the step NAME was come to, and the machine was gone
did_not_return() {
	[ -e "out/out/$1" ] && [ ! -e "out/out/$1.status" ] || fail "$1: $(cat "out/out/$1" "out/out/$1.status")"
}
