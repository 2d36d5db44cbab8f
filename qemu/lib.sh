# lib.sh - what the tools in qemu/ share: places, messages, locks, the private apt.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-$TOP/build}
PROGRAM=${BUILD}/kdumpbox
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

# in_suite SUITE CMD ARG...: an apt tool that sees SUITE alone, with a state of its own. The mirror is
# the one of the machine's own apt configuration, so that no host is named here.
in_suite() {
	local suite=$1 tool=$2 dir=$BUILD/apt/$1
	shift 2
	"$tool" -oDir::Etc::SourceList="$dir/sources.list" -oDir::Etc::SourceParts=/dev/null \
		-oDir::Etc::Preferences=/dev/null -oDir::Etc::PreferencesParts=/dev/null \
		-oDir::State::Lists="$dir/lists" -oDir::State::status="$dir/status" \
		-oDir::Cache="$dir/cache" -oAcquire::Languages=none -oAPT::Sandbox::User=root \
		-oAPT::Default-Release= -oAPT::Install-Recommends=false -qq "$@"
}

mirror_uri() { # mirror_uri REGEX: the first mirror whose release matches
	apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
		sort -u | awk -v re="$1" '$1 ~ re { print $2; exit }'
}

# suite_update SUITE: sources and lists, fetched once a day at most.
suite_update() { locked "apt-$1" suite_update_locked "$1"; }

suite_update_locked() {
	local suite=$1 dir=$BUILD/apt/$1 main security key
	[ -z "$(find "$dir/stamp" -mtime -1 2>/dev/null)" ] || return 0
	key=/usr/share/keyrings/debian-archive-keyring.gpg
	[ -e $key ] || die "$key is missing: install debian-archive-keyring"
	main=$(mirror_uri '^[a-z]+$')
	security=$(mirror_uri '-security$')
	[ -n "$main" ] || die "apt knows no Debian mirror: run apt-get update, then try again"
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	: >"$dir/status"
	{
		echo "deb [signed-by=$key] $main $suite main"
		case $suite in
		sid | *-backports) ;;
		*) [ -z "$security" ] || echo "deb [signed-by=$key] $security $suite-security main" ;;
		esac
	} >"$dir/sources.list"
	if ! in_suite "$suite" apt-get update; then
		[ -e "$dir/stamp" ] || die "apt-get update for $suite gave an error"
		note "apt-get update for $suite gave an error; the old lists are used"
	fi
	touch "$dir/stamp"
}

# suite_unpack SUITE DIR PACKAGE...: downloads the packages and unpacks them into DIR.
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
		dpkg -x "$deb" "$dir" || die "dpkg -x ${deb##*/} gave an error"
	done
	rm -rf "$tmp"
}
