# Completion of kdumpbox in bash: what there is, the program tells itself.
_kdumpbox() {
	local cur=${COMP_WORDS[COMP_CWORD]} applet=("${COMP_WORDS[1]}") words
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		words="$(kdumpbox --list) --list --help --version --install"
	elif [[ $cur == -* ]]; then
		# An applet of several commands is asked for the options of the one that stands there.
		[[ ${COMP_WORDS[1]} != kdump || $COMP_CWORD -eq 2 ]] || applet+=("${COMP_WORDS[2]}")
		words=$(kdumpbox "${applet[@]}" --help 2>/dev/null | grep -o '^ *-[^ ]*\(, --[^ ]*\)\?' |
			tr ', ' '\n\n' | sed 's/=.*/=/')
	elif [ "$COMP_CWORD" -eq 2 ] && [ "${COMP_WORDS[1]}" = kdump ]; then
		words=$(kdumpbox kdump --help 2>/dev/null | sed -n 's/^  \([a-z]\+\)  .*/\1/p')
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
}
complete -o filenames -F _kdumpbox kdumpbox
