# netns.sh - a network of its own for an oracle that talks to real servers: sourced after qemu/judge.sh.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Nothing of the machine's own network is touched. All that was started ends with the script.

NETASK=$BUILD/host/tools/netask
NET_PIDS=()

# net_need PROGRAM...: all of them, or skip
net_need() {
	local p
	[ "$(id -u)" = 0 ] || skip "network namespaces need root"
	[ -x "$NETASK" ] || die "$NETASK is missing: run make tools"
	for p in ip "$@"; do
		command -v "$p" >/dev/null || skip "$p is not installed"
	done
}

# net_make NAME: namespaces NAME-s for the server with interface srv, NAME-c for the client with cli
net_make() {
	NET=$1
	trap net_end EXIT
	net_gone
	: >server.log
	ip netns add "$NET-s" 2>netns.log || skip "no network namespaces here: $(tail -n 1 netns.log)"
	ip netns add "$NET-c"
	ip -n "$NET-s" link add srv type veth peer name cli netns "$NET-c" 2>netns.log ||
		skip "no veth here: $(tail -n 1 netns.log)"
	ip -n "$NET-s" link set lo up
	ip -n "$NET-c" link set lo up
	ip -n "$NET-s" link set srv up
	ip -n "$NET-c" link set cli up
}

net_gone() { ip netns del "$NET-s" 2>/dev/null || true; ip netns del "$NET-c" 2>/dev/null || true; }

net_end() {
	net_stop
	net_gone
}

# server COMMAND...: in the server's namespace, in the background; its output in server.log
server() {
	ip netns exec "$NET-s" "$@" >>server.log 2>&1 &
	NET_PIDS+=($!)
}

# net_stop: end all servers
net_stop() {
	local pid
	for pid in "${NET_PIDS[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	for pid in "${NET_PIDS[@]}"; do
		wait "$pid" 2>/dev/null || true
	done
	NET_PIDS=()
}

client() { ip netns exec "$NET-c" "$@"; }

# until_true COMMAND...: wait for it, generously; a machine under load is slow
until_true() {
	local i
	for ((i = 0; i < 600; i++)); do
		"$@" && return
		sleep 0.1
	done
	cat server.log >&2
	fail "never came true: $*"
}

# judged WHY REGEX TEXT: does every line of REGEX match one of TEXT?
judged() {
	local line
	while read -r line; do
		grep -qE -- "$line" <<<"$3" || { note "$1: expected '$line', got: $3"; wrong=$((wrong + 1)); return; }
	done <<<"$2"
	judged_count=$((judged_count + 1))
}
wrong=0 judged_count=0
