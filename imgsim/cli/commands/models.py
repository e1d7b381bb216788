"""`imgsim models`: a group, whose commands are a file each."""

from __future__ import annotations

import click

from imgsim.cli.flags import general_options
from imgsim.registry import Registry

SUBCOMMANDS: Registry[click.Command] = Registry(
    "command",
    {
        "list": "imgsim.cli.commands.models_list:list_",
        "show": "imgsim.cli.commands.models_show:show",
        "pull": "imgsim.cli.commands.models_pull:pull",
        "import": "imgsim.cli.commands.models_import:import_",
        "export": "imgsim.cli.commands.models_export:export",
        "remove": "imgsim.cli.commands.models_remove:remove",
        "whiten": "imgsim.cli.commands.models_whiten:whiten",
    },
)


@click.group(short_help="Import, list and export networks.")
@general_options
def models() -> None:
    """Manage the networks behind deep extractors.

    A model is imported once from a weight file, which takes torch (the extra `deep`), and kept as an ONNX file in the
    user's cache folder, or in the one that IMGSIM_MODELS names. From then on torch is not needed.

    A model may take 60 s for one photo and, with all others of its process, 4096 MB, unless IMGSIM_MODEL_SECONDS and
    IMGSIM_MODEL_MEMORY say otherwise; an import ten times those seconds and, beside them, 12 times its file.
    """


for _name in SUBCOMMANDS:
    models.add_command(SUBCOMMANDS.load(_name), _name)
