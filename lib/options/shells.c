/*
 * What bash, zsh and fish need to ask a program what a word may become.
 *
 * Names come from outside: no shell may evaluate them.  bash's "compgen -W"
 * would, so words are read into an array as they are; zsh's compadd and fish
 * quote what they insert.
 */
#include <string.h>

#include "options/options.h"

#define PROGRAM "PROGRAM" /* in the place of its name */

static const char bash[] =
    "# bash completion for PROGRAM\n"
    "_PROGRAM() {\n"
    "\tlocal line=${COMP_LINE:0:${COMP_POINT:-0}} piece= word= one path kept i\n"
    "\tlocal asked=PROGRAM\n"
    "\tlocal -a words=() found=() paths=()\n"
    "\t# bash takes words apart at \"=\", \"@\" and \":\"; put them together.\n"
    "\tfor ((i = 0; i <= COMP_CWORD; i++)); do\n"
    "\t\tpiece=${COMP_WORDS[i]} one=$i\n"
    "\t\tif [[ -n ${COMP_LINE-} ]]; then\n"
    "\t\t\twhile [[ $line == [[:space:]]* ]]; do line=${line:1} one=0; done\n"
    "\t\t\t((i < COMP_CWORD)) || piece=$line\n"
    "\t\t\tline=${line#\"$piece\"}\n"
    "\t\telse\n"
    "\t\t\tone=0\n"
    "\t\tfi\n"
    "\t\tif ((one == 0)); then words+=(\"$piece\")\n"
    "\t\telse words[${#words[@]}-1]+=$piece; fi\n"
    "\tdone\n"
    "\tfor i in \"${!words[@]}\"; do words[i]=${words[i]//[\\\\\\\"\\']/}; done\n"
    "\tword=${words[${#words[@]}-1]} kept=${piece//[\\\\\\\"\\']/}\n"
    "\t# What is there of the word before the piece that is completed.\n"
    "\tcase $kept in\n"
    "\t[=:]) kept=$word ;;\n"
    "\t*) kept=${word%\"$kept\"} ;;\n"
    "\tesac\n"
    "\t# A piece has the \"@\" before it.\n"
    "\tkept=${kept%@}\n"
    "\tCOMPREPLY=()\n"
    "\t# The program that the line names, if it is by a path.\n"
    "\t[[ ${words[0]} != */PROGRAM || ! -x ${words[0]} ]] || asked=${words[0]}\n"
    "\t# Before it is installed it is beside this file.\n"
    "\ttype -P \"$asked\" >/dev/null || asked=${BASH_SOURCE[0]%/*}/PROGRAM\n"
    "\tmapfile -t found < <(command \"$asked\" complete -- \"${words[@]:1}\" 2>/dev/null)\n"
    "\tfor one in \"${found[@]}\"; do\n"
    "\t\tcase $one in\n"
    "\t\t:file* | :folder*)\n"
    "\t\t\tpath=${one#*$'\\t'}\n"
    "\t\t\tone=${one%%$'\\t'*}\n"
    "\t\t\tcompopt -o filenames 2>/dev/null\n"
    "\t\t\tif [[ $one == :file ]]; then mapfile -t paths < <(compgen -f -- \"${word#\"$path\"}\")\n"
    "\t\t\telse mapfile -t paths < <(compgen -d -- \"${word#\"$path\"}\"); fi\n"
    "\t\t\tfor one in \"${paths[@]}\"; do\n"
    "\t\t\t\tone=$path$one\n"
    "\t\t\t\tCOMPREPLY+=(\"${one#\"$kept\"}\")\n"
    "\t\t\tdone ;;\n"
    "\t\t*)\n"
    "\t\t\tone=${one%%$'\\t'*}\n"
    "\t\t\tone=${one#\"$kept\"}\n"
    "\t\t\t[[ $piece == [\\\"\\']* ]] || printf -v one %q \"$one\"\n"
    "\t\t\t[[ -z $one ]] || COMPREPLY+=(\"$one\") ;;\n"
    "\t\tesac\n"
    "\tdone\n"
    "}\n"
    "complete -F _PROGRAM PROGRAM\n";

static const char zsh[] =
    "#compdef PROGRAM\n"
    "# zsh completion for PROGRAM\n"
    "local -a lines found shown\n"
    "local one kept text asked=1 program=${(Q)words[1]}\n"
    "[[ $program == */PROGRAM && -x $program ]] || program=PROGRAM\n"
    "lines=(\"${(@f)$(command \"$program\" complete -- \"${(@Q)words[2,CURRENT-1]}\""
    " \"${(Q)PREFIX}\" 2>/dev/null)}\")\n"
    "for one in \"${lines[@]}\"; do\n"
    "\tcase $one in\n"
    "\t(:file*|:folder*)\n"
    "\t\tkept=${one#*$'\\t'}\n"
    "\t\t[[ -z $kept ]] || compset -p ${#kept}\n"
    "\t\tif [[ $one == :folder* ]]; then _files -/ && asked=0\n"
    "\t\telse _files && asked=0; fi ;;\n"
    "\t(?*)\n"
    "\t\ttext=${one#*$'\\t'} one=${one%%$'\\t'*}\n"
    "\t\tfound+=(\"$one\")\n"
    "\t\t[[ $text == $one ]] && shown+=(\"$one\") || shown+=(\"$one  -- $text\") ;;\n"
    "\tesac\n"
    "done\n"
    "(( $#found )) && compadd -l -d shown -a found && asked=0\n"
    "return asked\n";

static const char fish[] =
    "# fish completion for PROGRAM\n"
    "function __PROGRAM_complete\n"
    "\tset -l before (commandline -opc)\n"
    "\tset -l word (commandline -ct)\n"
    "\tset -l program PROGRAM\n"
    "\tif string match -q '*/PROGRAM' -- $before[1]; and test -x $before[1]\n"
    "\t\tset program $before[1]\n"
    "\tend\n"
    "\tset -e before[1]\n"
    "\tfor one in (command $program complete -- $before \"$word\" 2>/dev/null)\n"
    "\t\tswitch $one\n"
    "\t\t\tcase ':file*' ':folder*'\n"
    "\t\t\t\tset -l kept (string split -m1 \\t -- $one)[2]\n"
    "\t\t\t\tset -l path (string sub -s (math (string length -- \"$kept\") + 1)"
    " -- \"$word\")\n"
    "\t\t\t\tif string match -q ':folder*' -- $one\n"
    "\t\t\t\t\tfor each in (__fish_complete_directories \"$path\" '')\n"
    "\t\t\t\t\t\tstring join '' -- \"$kept\" $each\n"
    "\t\t\t\t\tend\n"
    "\t\t\t\telse\n"
    "\t\t\t\t\tfor each in (__fish_complete_path \"$path\")\n"
    "\t\t\t\t\t\tstring join '' -- \"$kept\" $each\n"
    "\t\t\t\t\tend\n"
    "\t\t\t\tend\n"
    "\t\t\tcase '*'\n"
    "\t\t\t\tstring join '' -- $one\n"
    "\t\tend\n"
    "\tend\n"
    "end\n"
    "complete -c PROGRAM -f -a '(__PROGRAM_complete)'\n";

bool
options_shell(const struct options_program *program, const char *shell,
    struct buf *out, struct error *err)
{
	static const struct {
		const char *name, *text;
	} shells[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };
	const char *text = NULL;
	bool ok = true;

	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
		if (strcmp(shells[i].name, shell) == 0)
			text = shells[i].text;
	if (text == NULL)
		return error_set(err, ERROR_USAGE, "no shell \"%s\"", shell);
	while (ok && *text != '\0') {
		const char *name = strstr(text, PROGRAM);
		const size_t len =
		    name != NULL ? (size_t)(name - text) : strlen(text);

		ok = buf_append(out, span_of(text, len), err) &&
		    (name == NULL || buf_append_str(out, program->name, err));
		text += len + (name != NULL ? strlen(PROGRAM) : 0);
	}
	return ok;
}
