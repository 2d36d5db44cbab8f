# lib.sh - what the tools in qemu/ share: places, messages, locks, the private apt.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-$TOP/build}
PROGRAM=${PROGRAM:-$BUILD/kdumpbox}
export TOP BUILD PROGRAM
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C

note() { echo "${0##*/}: $*" >&2; }
die() { note "$*"; exit 1; }
skip() { note "skipped: $*"; exit 77; }

# now_ms: milliseconds of the monotonic clock, for durations only.
now_ms() { awk '{ printf "%d\n", $1 * 1000 }' /proc/uptime; }

# locked NAME CMD...: one process at a time, over the whole build directory.
locked() {
	local name=$1
	shift
	mkdir -p "$BUILD/lock"
	(
		flock 9
		"$@"
	) 9>"$BUILD/lock/$name"
}

# hold NAME: the same, from here to the end of the script.
hold() {
	mkdir -p "$BUILD/lock"
	exec 8>"$BUILD/lock/$1"
	flock 8
}

# suite_of SERIES: the Debian suite that carries a kernel series, and readers that know it.
suite_of() {
	case $1 in
	5.10) echo bullseye ;;
	6.1) echo bookworm ;;
	6.12) echo trixie ;;
	sid) echo sid ;;
	*) die "no suite is known for kernel $1 (5.10, 6.1, 6.12 or sid)" ;;
	esac
}

# in_suite SUITE TOOL ARG...: an apt tool that sees SUITE alone and believes nothing is installed.
in_suite() {
	local suite=$1 tool=$2 dir=$BUILD/apt/$1 suites=$1
	shift 2
	case $suite in
	sid | *-backports) ;;
	*) suites=$suite,$suite-security ;;
	esac
	mkdir -p "$dir"
	[ -e "$dir/status" ] || : >"$dir/status"
	PRIVATE_APT_TYPES=deb "$TOP/configs/private-apt" "$dir" "$suites" "$tool" \
		-oDir::State::status="$dir/status" -oDir::Etc::Preferences=/dev/null \
		-oDir::Etc::PreferencesParts=/dev/null -oAPT::Default-Release= \
		-oAPT::Install-Recommends=false -qq "$@"
}

# suite_update SUITE: package lists of today; old ones serve when the mirror does not answer.
suite_update() { locked "apt-$1" suite_update_locked "$1"; }

suite_update_locked() {
	local suite=$1 dir=$BUILD/apt/$1
	[ -z "$(find "$dir/stamp" -mtime -1 2>/dev/null)" ] || return 0
	if [ -e "$dir/ready" ]; then
		in_suite "$suite" apt-get update || note "apt-get update for $suite: an error; going on"
	else
		in_suite "$suite" true
	fi
	touch "$dir/stamp"
}

# suite_unpack SUITE DIR PACKAGE...: downloads the packages and unpacks them into DIR; with ONLY=PATTERN
# those of their files.
suite_unpack() {
	local suite=$1 dir=$2 deb tmp
	shift 2
	mkdir -p "$dir" "$BUILD/apt/$suite"
	tmp=$(mktemp -d "$BUILD/apt/$suite/get.XXXXXX")
	if ! (cd "$tmp" && in_suite "$suite" apt-get download "$@"); then
		rm -rf "$tmp"
		die "apt-get download $* from $suite gave an error"
	fi
	for deb in "$tmp"/*.deb; do
		dpkg --fsys-tarfile "$deb" | tar -x -C "$dir" ${ONLY:+--wildcards "$ONLY"} ||
			die "unpacking ${deb##*/} gave an error"
	done
	rm -rf "$tmp"
}

# suite_root SUITE DIR PACKAGE...: DIR/root holds the packages and all that they depend on, once.
suite_root() {
	local suite=$1 dir=$2 debs=$2/archives link deb
	shift 2
	[ ! -e "$dir/ready" ] || return 0
	suite_update "$suite"
	note "fetching $* of $suite"
	rm -rf "$dir"
	mkdir -p "$dir/root" "$debs/partial"
	for link in bin sbin lib lib64; do
		mkdir -p "$dir/root/usr/$link"
		ln -s "usr/$link" "$dir/root/$link"
	done
	# With an empty status file the closure of the dependencies is what apt would install. A place of its own for
	# them: another root of the suite may be made at the same time.
	in_suite "$suite" apt-get -o Dir::Cache::Archives="$debs" install -y --download-only "$@" >"$dir/apt.log" ||
		die "apt-get install --download-only $* gave an error; see $dir/apt.log"
	for deb in "$debs"/*.deb; do
		dpkg -x "$deb" "$dir/root" || die "dpkg -x ${deb##*/} gave an error"
		echo "${deb##*/}" >>"$dir/packages"
	done
	rm -r "$debs"
	mkdir -p "$dir/root"/{proc,dev,tmp,root}
	[ -e "$dir/root/bin/sh" ] || ln -s dash "$dir/root/bin/sh"
	touch "$dir/ready"
}
