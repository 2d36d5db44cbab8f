# Completion of kdumpbox in bash: what there is, the program tells itself.
_kdumpbox() {
	local cur=${COMP_WORDS[COMP_CWORD]} words
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		words="$(kdumpbox --list) --list --help --version --install"
	elif [[ $cur == -* ]]; then
		words=$(kdumpbox "${COMP_WORDS[1]}" --help 2>/dev/null | grep -o '^ *-[^ ]*\(, --[^ ]*\)\?' |
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
