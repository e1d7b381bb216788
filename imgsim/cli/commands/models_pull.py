"""`imgsim models pull`."""

from __future__ import annotations

import click

from imgsim.cli import name_completion
from imgsim.cli.flags import general_options
from imgsim.cli.model_limit_options import model_limit_options


@click.command()
@click.argument(
    "architectures", nargs=-1, required=True, metavar="ARCHITECTURE...", shell_complete=name_completion.networks
)
@model_limit_options
@general_options
def pull(architectures: tuple[str, ...]) -> None:
    """Download and import the published weights of each ARCHITECTURE."""
    from imgsim.cli.networks import pull_model
    from imgsim.models.trunk_spec import TrunkSpec

    for name in architectures:
        pull_model(TrunkSpec(name))
