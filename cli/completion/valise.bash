# bash completion for valise(1)
_valise() {
	local cur prev words cword command= i
	_init_completion -n = 2>/dev/null || {
		cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
		words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
	}
	local commands="init push sign fetch verify show list history log diff pull watch bag policy crls audit witness terminate"
	for ((i = 1; i < cword; i++)); do
		case ${words[i]} in
		--config) ((i++)) ;;
		-*) ;;
		*) command=${words[i]}; break ;;
		esac
	done
	case $prev in
	--config | --cert | --key | --sign-cert | --sign-key | --encrypt-cert | --encrypt-key | --ack | --annex | --batch | --evidence | -o | --output)
		COMPREPLY=($(compgen -f -- "$cur")); return ;;
	--state | --extract | --into) COMPREPLY=($(compgen -d -- "$cur")); return ;;
	--act) COMPREPLY=($(compgen -W "start policy crl key deposit sign force terminate deliver refuse dispatch acknowledge" -- "$cur")); return ;;
	--status) local IFS=$'\n'
		COMPREPLY=($(compgen -W $'draft\nsigned in part\nin force\nterminated' -- "$cur")); return ;;
	esac
	if [[ -z $command ]]; then
		COMPREPLY=($(compgen -W "$commands --config --json --local --help --version" -- "$cur")); return
	fi
	local options="--config --json --local --help"
	case $command in
	init) options+=" --cert --key --sign-cert --sign-key --encrypt-cert --encrypt-key --state --yes" ;;
	push) options+=" --text --annex --title --note --onto --batch" ;;
	sign) options+=" --yes" ;;
	terminate) options+=" --reason --yes" ;;
	audit) options+=" --full --note --combine --compare" ;;
	fetch) options+=" --output --extract --witnessed" ;;
	verify) options+=" --witnessed --current --in-force --evidence -j" ;;
	witness) options+=" --every --name"; [[ $cur == -* ]] || { COMPREPLY=($(compgen -W init -- "$cur")); return; } ;;
	list) options+=" --status --since --proved" ;;
	log) options+=" --document --office --person --act --since --until --follow --csv" ;;
	diff) options+=" --words --side-by-side --color" ;;
	watch) options+=" --document --act --from --exec --notify" ;;
	bag) options+=" --output --to --since-last --outbox --known --into --ack --again"
		[[ $cur == -* ]] || { COMPREPLY=($(compgen -W "pack open ack push" -- "$cur") $(compgen -f -- "$cur")); return; } ;;
	pull) [[ $cur == -* ]] || { COMPREPLY=($(compgen -d -- "$cur")); return; } ;;
	crls) [[ $cur == -* ]] || { COMPREPLY=($(compgen -W "push add show" -- "$cur") $(compgen -f -- "$cur")); return; } ;;
	policy) options+=" --at"; [[ $cur == -* ]] || { COMPREPLY=($(compgen -W "check show accept save" -- "$cur") $(compgen -f -- "$cur")); return; } ;;
	esac
	if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "$options" -- "$cur"))
	elif [[ $command == init || $command == verify ]]; then COMPREPLY=($(compgen -f -- "$cur")); fi
}
complete -o filenames -F _valise valise
