"""`imgsim completion`."""

from __future__ import annotations

import click

from imgsim.cli.flags import general_options
from imgsim.cli.output import write_text


@click.command(short_help="Write what makes a shell complete names.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@general_options
def completion(shell: str) -> None:
    """Write what makes a shell complete commands, options and names, those in the index too.

    In ~/.bashrc: eval "$(imgsim completion bash)". In ~/.zshrc: eval "$(imgsim completion zsh)". For fish: imgsim
    completion fish > ~/.config/fish/completions/imgsim.fish.
    """
    from imgsim.cli.group import COMPLETION
    from imgsim.cli.shell_scripts import script

    write_text(script(shell, click.get_current_context().find_root().command, COMPLETION) + "\n")
