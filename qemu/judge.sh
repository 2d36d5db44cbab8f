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

# panic_numbers: panic to complete, and to the init of a capture kernel that has nothing to do
panic_numbers() {
	local idle complete
	idle=$(($(console_ms 'guest: a kernel runs' idle.log) - $(console_ms 'Trigger a crash' idle.log)))
	complete=$(($(console_ms 'kdumpbox: complete') - $(console_ms 'Trigger a crash')))
	awk -v i=$idle -v c=$complete 'BEGIN {
		printf "panic to init, nothing to do   %6.2f s\n", i / 1000
		printf "panic to complete              %6.2f s\n", c / 1000
		printf "ratio                          %6.2f   (at most 2.2)\n", c / i
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

# ---- peers that read the dump
readers_of() { # readers_of SERIES: the suite whose crash knows this kernel
	case $1 in
	5.10 | 6.1) echo bookworm ;;
	*) "$TOP/qemu/readers" sid >/dev/null 2>&1 && echo sid || echo trixie ;;
	esac
}

crash_run() { # crash_run SUITE VMLINUX DUMP OUT COMMAND...
	local suite=$1 vmlinux=$2 dump out=$4 commands
	dump=$(realpath "$3")
	shift 4
	commands=$out.commands
	printf '%s\n' 'set scroll off' "$@" exit >"$commands"
	"$TOP/qemu/in-root" "$suite" crash -s "$vmlinux" "$dump" -i "$(realpath "$commands")" \
		>"$out" 2>&1 </dev/null || fail "crash gave an error on $dump: $(tail -n 3 "$out")"
	rm -f "$commands"
}

# opens_in_crash DUMP [FUNCTION REGEX]: crash shows the stack of the panic, which goes through
# FUNCTION, and says REGEX of it
opens_in_crash() {
	local vmlinux
	vmlinux=$("$TOP/qemu/kernel" "$KERNEL" --debug)/vmlinux
	crash_run "$(readers_of "$KERNEL")" "$vmlinux" "$1" crash.out sys bt
	grep -qw "${2-sysrq_handle_crash}" crash.out ||
		fail "bt does not show ${2-sysrq_handle_crash}: crash.out"
	grep -qE "PANIC: .*${3-sysrq triggered crash}" crash.out ||
		fail "sys does not show the panic: $(grep PANIC crash.out)"
}

crash_says() { # crash_says SUITE DUMP OUT: all but the line that names the dump
	local vmlinux
	vmlinux=$("$TOP/qemu/kernel" "$KERNEL" --debug)/vmlinux
	crash_run "$1" "$vmlinux" "$2" "$3" sys bt log mod 'kmem -i'
	sed -i '/^ *DUMPFILE:/d' "$3"
}

# same_in_crash OURS RAW [SUITE]: the same answers. A kernel may die while a page that crash looks at is
# given back: then crash must say of our dump what it says of makedumpfile's.
same_in_crash() {
	local suite=${3-} peer
	[ -n "$suite" ] || suite=$(readers_of "$KERNEL")
	crash_says "$suite" "$1" "crash-ours-$suite.out"
	crash_says "$suite" "$2" "crash-raw-$suite.out"
	grep -q sysrq_handle_crash "crash-ours-$suite.out" || fail "bt does not show sysrq_handle_crash"
	[ "$(wc -l <"crash-ours-$suite.out")" -gt 300 ] || fail "crash said almost nothing"
	diff "crash-raw-$suite.out" "crash-ours-$suite.out" >"crash-$suite.diff" && return
	head -n 20 "crash-$suite.diff"
	peer=$PWD/crash-peer-$suite
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

# ---- oracles
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
