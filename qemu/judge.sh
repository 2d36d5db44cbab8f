# judge.sh - what can be said about a scenario's result: sourced by tests/e2e/*/expect and oracles.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A judgement returns 0 or ends the script with one line that says what was expected and what is.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

READER=$TOP/tests/tools/kdump_reader.py

fail() {
	echo "not as expected: $*" >&2
	exit 1
}

# ---- the console
console_has() { # console_has REGEX
	tr -d '\r' <console.log | grep -aqE -- "$1" || fail "no console line matches: $1"
}

console_lacks() { # console_lacks REGEX
	! tr -d '\r' <console.log | grep -aE -- "$1" || fail "a console line matches: $1"
}

# console_ms REGEX [LOG]: host milliseconds of the first matching line
console_ms() {
	awk -v re="$1" '{ line = substr($0, length($1) + 2) } line ~ re { print $1; exit }' \
		"${2-console.log}.times"
}

# panic_numbers [LIMIT]: panic to complete, and to the init of a capture kernel that has nothing to do
panic_numbers() {
	local idle complete
	idle=$(($(console_ms 'guest: a kernel runs' idle.log) - $(console_ms 'Trigger a crash' idle.log)))
	complete=$(($(console_ms 'kdumpbox: complete') - $(console_ms 'Trigger a crash')))
	awk -v i=$idle -v c=$complete -v limit="${1-2.2}" 'BEGIN {
		printf "panic to init, nothing to do   %6.2f s\n", i / 1000
		printf "panic to complete              %6.2f s\n", c / 1000
		printf "ratio                          %6.2f   (at most %s)\n", c / i, limit
	}'
}

# ---- the files that were saved
saved_dir() { # saved_dir [PATH]: the one directory below PATH (default var/crash)
	local base=out/${1-var/crash} found
	found=$(find "$base" -mindepth 1 -maxdepth 1 -type d 2>/dev/null)
	[ -n "$found" ] || fail "nothing was saved below $base"
	[ "$(wc -l <<<"$found")" = 1 ] || fail "more than one directory below $base: $found"
	echo "$found"
}

shared_dir() { # shared_dir [PATH]: the one directory below PATH of what the servers of NFS and SMB share
	local found
	found=$(find "out-shares/${1-}" -mindepth 1 -maxdepth 1 -type d -name '10.0.2.15-*')
	[ -n "$found" ] || fail "nothing was saved on the share: $(find out-shares)"
	[ "$(wc -l <<<"$found")" = 1 ] || fail "more than one directory on the share: $found"
	echo "$found"
}

remote_dir() { # remote_dir N: the one directory on the N-th server
	local found
	found=$(find "out-ssh$1" -mindepth 1 -maxdepth 1 -type d)
	[ -n "$found" ] || fail "nothing was saved on server $1"
	[ "$(wc -l <<<"$found")" = 1 ] || fail "more than one directory on server $1: $found"
	echo "$found"
}

# complete_dump DIR [WORD]: all is there under its final name, and the closing line says WORD, which
# is complete, or degraded where the plan makes the program do less than it was asked
complete_dump() {
	local file
	for file in vmcore vmcore-dmesg.txt kexec-dmesg.log manifest.json; do
		[ -s "$1/$file" ] || fail "$1/$file is missing or empty; there: $(ls "$1")"
	done
	[ -z "$(find "$1" -name '*-incomplete*')" ] || fail "incomplete files: $(ls "$1")"
	console_has "^(\\[[^]]*\\] *)?kdumpbox: ${2-complete}"
	dmesg_is_of_panic "$1/vmcore-dmesg.txt"
	manifest_is_json "$1/manifest.json"
}

# leaves_memory MANIFEST: what kdump estimate said was more than needed
leaves_memory() {
	python3 - "$1" <<-'PYTHON' || fail "the reservation was too small: $(cat estimate.txt)"
	import json, sys
	m = json.load(open(sys.argv[1]))["memory"]
	print("memory of the capture kernel, MiB:", {k: v >> 20 for k, v in m.items()})
	sys.exit(not 6 << 20 < m["lowest"] <= m["at_start"] < m["total"])
	PYTHON
}

no_final_name() { # no_final_name DIR: nothing pretends to be a complete vmcore
	[ -z "$(find "$1" -name vmcore -o -name vmcore.flat)" ] || fail "a final name exists in $1"
	console_lacks 'kdumpbox: complete'
}

dmesg_is_of_panic() { # dmesg_is_of_panic FILE
	grep -q 'Linux version' "$1" || fail "$1 does not start with the boot"
	grep -qE "${PANIC_SAYS-sysrq: Trigger a crash}" "$1" || fail "$1 does not tell of the panic"
}

manifest_is_json() {
	python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$1" || fail "$1 is not JSON"
}

# manifest_says FILE KEY VALUE: KEY may be a path with dots; VALUE an extended regex
manifest_says() {
	local value
	value=$(python3 - "$1" "$2" <<-'PY'
	import json, sys
	value = json.load(open(sys.argv[1]))
	for key in sys.argv[2].split("."):
	    value = value[int(key)] if isinstance(value, list) else value[key]
	print(value if isinstance(value, str) else json.dumps(value))
	PY
	) || fail "$1 has no $2"
	grep -qE -- "$3" <<<"$value" || fail "$1: $2 is $value, not $3"
}

same_dump() { # same_dump ONE OTHER: nothing differs but where in them the data of pages stands
	python3 "$READER" same "$1" "$2"
}

# ---- peers that read the dump
readers_of() { # readers_of SERIES: the suite whose crash knows this kernel
	case $1 in
	5.10 | 6.1) echo bookworm ;;
	*) "$TOP/qemu/readers" sid >/dev/null 2>&1 && echo sid || echo trixie ;;
	esac
}

crash_run() { # crash_run SUITE VMLINUX DUMP OUT COMMAND...
	crash_try "$@" || fail "crash gave an error on $3: $(tail -n 3 "$4")"
}

CRASH_WITH=	# further options of crash
crash_try() { # the same, but returns whether it worked
	local suite=$1 vmlinux=$2 dump out=$4 commands
	dump=$(realpath "$3")
	shift 4
	commands=$out.commands
	printf '%s\n' 'set scroll off' "$@" exit >"$commands"
	# shellcheck disable=SC2086
	"$TOP/qemu/in-root" "$suite" crash -s $CRASH_WITH "$vmlinux" "$dump" \
		-i "$(realpath "$commands")" >"$out" 2>&1 </dev/null || return
	rm -f "$commands"
}

# opens_in_crash DUMP [FUNCTION REGEX]: crash shows the stack of the panic, which goes through
# FUNCTION, and says REGEX of it. A second look at the same file decides: crash itself once stopped
# in the middle of sys.
opens_in_crash() {
	shows_panic "$1" "${@:2}" && return
	cp crash.out crash.first.out
	shows_panic "$1" "${@:2}" || fail "crash does not show ${2-sysrq_handle_crash} in bt and ${3-sysrq triggered crash}" \
		"in sys: $(cat crash.out)"
	echo "crash shows the panic at the second look only; at the first: $(cat crash.first.out)"
}

shows_panic() {
	local vmlinux
	vmlinux=$("$TOP/qemu/kernel" "$KERNEL" --debug)/vmlinux
	crash_run "$(readers_of "$KERNEL")" "$vmlinux" "$1" crash.out sys bt
	grep -qw "${2-sysrq_handle_crash}" crash.out && grep -qE "PANIC: .*${3-sysrq triggered crash}" crash.out
}

CRASH_ASK=(sys bt log mod 'kmem -i')
crash_says() { # crash_says SUITE DUMP OUT: all but the line that names the dump
	local vmlinux
	vmlinux=$("$TOP/qemu/kernel" "$KERNEL" --debug)/vmlinux
	crash_run "$1" "$vmlinux" "$2" "$3" "${CRASH_ASK[@]}"
	sed -i '/^ *DUMPFILE:/d' "$3"
}

# same_in_crash OURS RAW [SUITE]: the same answers
same_in_crash() {
	local suite=${3-}
	[ -n "$suite" ] || suite=$(readers_of "$KERNEL")
	crash_says "$suite" "$2" "crash-raw-$suite.out"
	crash_says "$suite" "$1" "crash-ours-$suite.out"
	same_answers "$suite" "$2"
}

# same_answers SUITE RAW: crash-ours-SUITE.out says what crash-raw-SUITE.out says. A kernel may die while
# a page that crash looks at is given back: then it must be what crash says of makedumpfile's dump.
same_answers() {
	local suite=$1 peer=$PWD/crash-peer-$1
	grep -q sysrq_handle_crash "crash-ours-$suite.out" || fail "bt does not show sysrq_handle_crash"
	[ "$(wc -l <"crash-ours-$suite.out")" -gt 300 ] || fail "crash said almost nothing"
	diff "crash-raw-$suite.out" "crash-ours-$suite.out" >"crash-$suite.diff" && return
	head -n 20 "crash-$suite.diff"
	rm -f "$peer"
	"$TOP/qemu/in-root" "$suite" makedumpfile --message-level 0 -l -d 31 "$(realpath "$2")" "$peer" &&
		crash_says "$suite" "$peer" "$peer.out" && cmp -s "$peer.out" "crash-ours-$suite.out" ||
		fail "crash says different things: $(realpath "crash-$suite.diff")"
	echo "crash says the same of makedumpfile's dump"
	rm -f "$peer"
}

# same_bytes DUMP RAW: every page that the dump holds is the page of the raw vmcore
same_bytes() {
	"$READER" check "$1" --raw "$2" || fail "$1 holds other bytes than $2"
}

# same_in_drgn SUITE DUMP GOLDEN: tasks, modules and the stack of the panic
same_in_drgn() {
	local dump out
	for dump in "$2" "$3/vmcore"; do
		out=drgn.${dump##*/}.out
		"$TOP/qemu/in-root" "$1" drgn -c "$(realpath "$dump")" -s "$3/kernel/vmlinux" \
			"$TOP/tests/tools/drgn_tasks.py" >"$out" 2>drgn.err ||
			fail "drgn gave an error on $dump: $(tail -n 2 drgn.err)"
	done
	grep -q '^frame sysrq_handle_crash' "drgn.${2##*/}.out" || fail "no stack of the panic"
	diff drgn.vmcore.out "drgn.${2##*/}.out" >drgn.diff || fail "drgn sees other things: $PWD/drgn.diff"
}

# pages_as_makedumpfile GOLDEN SUITE LEVELS CODECS: the pages that it keeps, with their bytes; codecs
# other than zstd at level 31. Ours may have more in one place: the kernel image is never excluded, not
# even its init code, which the kernel has given to others by then.
pages_as_makedumpfile() {
	local golden=$1 suite=$2 level codec
	for level in $3; do
		rm -f theirs
		"$TOP/qemu/in-root" "$suite" makedumpfile -l -d "$level" "$golden/vmcore" "$PWD/theirs" \
			>makedumpfile.log 2>&1 ||
			fail "makedumpfile -d $level gave an error: $(tail -n 1 makedumpfile.log)"
		for codec in zstd $([ "$level" != 31 ] || echo "$4"); do
			save -d "$level" -c "$codec" "$golden/vmcore" ours
			"$READER" compare ours theirs --raw "$golden/vmcore" --more more >said 2>&1 ||
				fail "level $level, $codec: $(cat said)"
			[ ! -s more ] || cmp -s more "more.$level" ||
				lost_tails "$suite" "$golden" "level $level, $codec"
			mv more "more.$level"
			"$READER" info ours >info
			case $codec in
			none) ! grep -qE '(zlib|lzo|zstd)=' info || fail "compressed pages with -c none" ;;
			*) grep -q " $codec=" info || fail "no page is compressed by $codec: $(cat info)" ;;
			esac
			echo "level $level, $codec: $(head -n 1 said)"
		done
	done
	rm -f theirs ours
}

# lost_tails SUITE GOLDEN WHAT: a page that only we keep ("more") must be, as drgn sees the raw vmcore,
# the tail of a block whose head makedumpfile keeps itself: 1.7.8 takes the second page of a slab of
# 7.x for one of user space, because what overlays its mapping has bit 0 set.
lost_tails() {
	"$TOP/qemu/in-root" "$1" drgn -q -c "$2/vmcore" -s "$2/kernel/vmlinux" \
		"$TOP/tests/tools/drgn_tails.py" "$PWD/more" "$PWD/theirs" >tails 2>drgn.err || {
		head -n 5 tails
		fail "$3: pages more than makedumpfile keeps, and no tails that it lost: $(tail -n 2 drgn.err)"
	}
	echo "$3: $(tail -n 1 tails)"
}

# log_as_kexec_tools GOLDEN SUITE: our text of the kernel log is the one of its vmcore-dmesg
log_as_kexec_tools() {
	local name=${1##*/} line
	"$TOP/qemu/in-root" "$2" vmcore-dmesg "$1/vmcore" >"theirs.$name"
	dmesg_is_of_panic "theirs.$name"
	"$PROGRAM" vmcore-dmesg "$1/vmcore" >"ours.$name" || fail "exit status $?"
	cmp "theirs.$name" "ours.$name" || fail "$name: the texts differ"
	save -d 31 --dmesg "dmesg.$name" "$1/vmcore" dump
	cmp "theirs.$name" "dmesg.$name" || fail "$name: save --dmesg differs"
	# What the dying kernel wrote on its console is in it, line by line.
	grep -aF 'sysrq: Trigger a crash' "$1/dmesg.log" >/dev/null || fail "no golden console"
	while IFS= read -r line; do
		grep -qxF -- "$line" "ours.$name" || echo "$line"
	done < <(grep -aE '^\[ *[0-9]+\.[0-9]+\] [A-Za-z]' "$1/dmesg.log") >"missing.$name"
	# A console line can be cut by what user space writes to the same port, or belong to a
	# message of several lines, which carry no time of their own in a vmcore-dmesg.
	[ "$(wc -l <"missing.$name")" -le 8 ] || fail "$(wc -l <"missing.$name") console lines are missing"
}

# partial_log_as_makedumpfile GOLDEN: what came after a `dmesg --clear`, by the vmcore with the kernel's
# mark of that moved to its record 200; sid's makedumpfile, since older ones write another form
partial_log_as_makedumpfile() {
	local name=${1##*/}
	cp --sparse=always "$1/vmcore" cleared
	python3 - "$TOP/tests/tools" <<-'PY' || fail "$name: clear_seq cannot be set"
	import re, struct, sys
	sys.path.insert(0, sys.argv[1])
	from kdump_reader import KERNEL_IMAGE, Elf
	core = Elf("cleared")
	head = core.map[:1 << 16]
	def key(name, base):
	    found = re.search(rb"\n" + re.escape(name) + rb"=(-?[0-9a-f]+)\n", head)
	    return int(found[1], base) if found else None
	at = key(b"SYMBOL(clear_seq)", 16) - KERNEL_IMAGE + key(b"NUMBER(phys_base)", 10)
	values = struct.pack("<Q", 200)
	latched = key(b"OFFSET(latched_seq.val)", 10)	# two of them since 5.12, the reader's turn by turn
	if latched is not None:
	    at, values = at + latched, values * 2
	offsets = [o + at - p for p, o, size, _ in core.loads if p <= at < p + size]
	with open("cleared", "r+b") as f:
	    for offset in offsets:	# the image is in the file twice
	        f.seek(offset)
	        assert f.read(len(values)) == bytes(len(values)), "something was cleared, or it is elsewhere"
	        f.seek(offset)
	        f.write(values)
	PY
	rm -f theirs.partial ours.partial applet.partial
	"$TOP/qemu/in-root" sid makedumpfile --dump-dmesg --partial-dmesg "$PWD/cleared" \
		"$PWD/theirs.partial" >makedumpfile.log 2>&1 ||
		fail "makedumpfile --partial-dmesg: $(tail -n 1 makedumpfile.log)"
	"$PROGRAM" makedumpfile --dump-dmesg --partial-dmesg cleared applet.partial >applet.log 2>&1 ||
		fail "our makedumpfile --partial-dmesg: exit status $?"
	cmp theirs.partial applet.partial || fail "$name: the partial text of our makedumpfile differs"
	# In the form of vmcore-dmesg it is the end of the whole text.
	"$PROGRAM" vmcore-dmesg --partial cleared >ours.partial || fail "exit status $?"
	cmp <(tail -n "$(wc -l <ours.partial)" "ours.$name") ours.partial || fail "$name: no end of the log"
	[ $(($(wc -l <"ours.$name") - $(wc -l <ours.partial))) -ge 200 ] && [ -s ours.partial ] ||
		fail "$name: $(wc -l <ours.partial) lines of $(wc -l <"ours.$name") after the mark"
	rm -f cleared
}

# ---- oracles
# own_network: the script anew in a network that has a loopback and nothing else, so that its ports are
# its own; nothing can be fetched from there
own_network() {
	local flags=-n
	[ -z "${OWN_NETWORK-}" ] || return 0
	[ "$(id -u)" = 0 ] || flags=-Urn
	command -v ip >/dev/null || skip "ip is missing: run make deps"
	OWN_NETWORK=yes exec unshare $flags sh -c 'ip link set lo up && exec "$@"' sh "$0"
}

# oracle_dir NAME: an empty directory to work in, held until the script ends
oracle_dir() {
	[ -x "$PROGRAM" ] || die "$PROGRAM is missing: run make"
	hold "oracle-$1"
	rm -rf "$BUILD/oracle/$1"
	mkdir -p "$BUILD/oracle/$1"
	cd "$BUILD/oracle/$1"
}

# save ARG... VMCORE OUT: our program makes OUT, completely
save() {
	local out=${*: -1}
	rm -f "$out" "$out-incomplete"
	"$PROGRAM" save "$@" >save.log 2>&1 || fail "save $*: exit status $?: $(tail -n 1 save.log)"
	[ -s "$out" ] && [ ! -e "$out-incomplete" ] || fail "save $*: $out is not there, or incomplete"
}
