"""What makes shells complete names: click's ways, but for values that have signs which a shell takes for itself."""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING, ClassVar

from click.shell_completion import BashComplete, FishComplete, ZshComplete, add_completion_class, get_completion_class

if TYPE_CHECKING:
    from click import Command
    from click.shell_completion import CompletionItem

_TAKEN, _ESCAPE = re.compile(r"([\s'\"`$&;<>()|*?\\!#~])"), r"\\\1"  # what a shell would not leave as it is
_OF_THE_WORD = "@$"  # which end a word for bash, and yet begin the next


class BashScript(BashComplete):
    """Bash splits words at signs such as ``:`` and ``=``, and replaces only what stands behind the last of them."""

    source_template: ClassVar[str] = """\
%(complete_func)s() {
    local IFS=$'\\n' response completion type value
    response=$(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD COMP_BREAKS="$COMP_WORDBREAKS" \\
COMP_LINE="${COMP_LINE:0:COMP_POINT}" %(complete_var)s=bash_complete $1)
    for completion in $response; do
        IFS=',' read -r type value <<< "$completion"
        if [[ $type == 'dir' ]]; then
            COMPREPLY=()
            compopt -o dirnames
        elif [[ $type == 'file' ]]; then
            COMPREPLY=()
            compopt -o default
        elif [[ $type == 'plain' ]]; then
            COMPREPLY+=("$value")
            [[ $value == *= ]] && compopt -o nospace 2> /dev/null
        fi
    done
    return 0
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

    def __init__(self, cli: Command, ctx_args: dict[str, object], prog_name: str, complete_var: str) -> None:
        super().__init__(cli, ctx_args, prog_name, complete_var)
        self._kept = ""  # what the shell leaves as it is
        self._quoted = False

    def get_completion_args(self) -> tuple[list[str], str]:
        """Give the words before the last one, and that one as far as it is typed."""
        line = os.environ.get("COMP_LINE")
        if not line:
            return super().get_completion_args()
        words, self._quoted = _words(line)
        incomplete = words.pop()
        if not self._quoted:
            breaks = os.environ.get("COMP_BREAKS", "")
            ends = (incomplete.rfind(sign) + (sign not in _OF_THE_WORD) for sign in breaks if sign in incomplete)
            self._kept = incomplete[: max(ends, default=0)]
        return words[1:], incomplete

    def format_completion(self, item: CompletionItem[str]) -> str:
        """Write what takes the place of what the shell takes for the word."""
        value = item.value.removeprefix(self._kept)
        return f"{item.type},{value if self._quoted or item.type != 'plain' else _TAKEN.sub(_ESCAPE, value)}"


class ZshScript(ZshComplete):
    """No space comes behind a name that a value is to follow."""

    source_template: ClassVar[str] = """\
#compdef %(prog_name)s
%(complete_func)s() {
    local -a plain unfinished described response
    local type key descr
    (( ! $+commands[%(prog_name)s] )) && return 1
    response=("${(@f)$(env COMP_WORDS="${words[1,CURRENT]}" COMP_CWORD=$((CURRENT-1)) \\
%(complete_var)s=zsh_complete %(prog_name)s)}")
    for type key descr in ${response}; do
        if [[ "$type" == "dir" ]]; then
            _path_files -/
        elif [[ "$type" == "file" ]]; then
            _path_files -f
        elif [[ "$descr" != "_" ]]; then
            described+=("$key":"$descr")
        elif [[ "$key" == *= ]]; then
            unfinished+=("$key")
        else
            plain+=("$key")
        fi
    done
    (( $#described )) && _describe -V unsorted described -U
    (( $#unfinished )) && compadd -U -S '' -V unsorted -a unfinished
    (( $#plain )) && compadd -U -V unsorted -a plain
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""


class FishScript(FishComplete):
    """A value may have commas."""

    source_template: ClassVar[str] = """\
function %(complete_func)s;
    set -l response (env %(complete_var)s=fish_complete COMP_WORDS=(commandline -cp | string collect) \\
COMP_CWORD=(commandline -ct | string collect) %(prog_name)s);
    for completion in $response;
        set -l metadata (string split -m 1 "," -- $completion);
        if test $metadata[1] = "dir";
            __fish_complete_directories $metadata[2];
        else if test $metadata[1] = "file";
            __fish_complete_path $metadata[2];
        else if test $metadata[1] = "plain";
            echo $metadata[2];
        end;
    end;
end;
complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s)";
"""


def use_scripts() -> None:
    """Make click complete in these ways, where a shell asks."""
    for one in (BashScript, ZshScript, FishScript):
        add_completion_class(one, one.name)


def script(shell: str, command: Command, variable: str) -> str:
    """Write what makes a shell, bash, zsh or fish, complete a command, asking by an environment variable."""
    use_scripts()
    completer = get_completion_class(shell)
    assert completer is not None
    return completer(command, {}, "imgsim", variable).source()


def _words(line: str) -> tuple[list[str], bool]:
    """Split a line into words, the last as far as it is typed, and tell whether that is quoted."""
    splitter = shlex.shlex(line, posix=True, punctuation_chars=False)
    splitter.whitespace_split, splitter.commenters = True, ""
    words: list[str] = []
    try:
        words.extend(splitter)
    except ValueError:  # the quote is not closed yet
        return [*words, splitter.token], True
    return [*words, *[""] * line[-1:].isspace()] or [""], False
