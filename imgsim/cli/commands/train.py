"""`imgsim train`: a group, whose commands are a file each."""

from __future__ import annotations

import click

from imgsim.cli.flags import general_options
from imgsim.registry import Registry

SUBCOMMANDS: Registry[click.Command] = Registry(
    "training",
    {
        "probe": "imgsim.cli.commands.train_probe:probe",
        "ensemble": "imgsim.cli.commands.train_ensemble:ensemble",
        "linear": "imgsim.cli.commands.train_linear:linear",
        "sweep": "imgsim.cli.commands.train_sweep:sweep",
        "embedding": "imgsim.cli.commands.train_network:embedding",
        "classifier": "imgsim.cli.commands.train_classifier:classifier",
    },
)


@click.group(short_help="Learn from photos what is alike.")
@general_options
def train() -> None:
    """Learn what is alike from photos of which it is known what they show.

    What is learned is one file, MODEL.onnx, and an extractor like any other: -x embedding:MODEL.onnx. MODEL.run beside
    it says how it was learned.
    """


for _name in SUBCOMMANDS:
    train.add_command(SUBCOMMANDS.load(_name), _name)
