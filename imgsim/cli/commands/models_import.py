"""`imgsim models import`."""

from __future__ import annotations

from typing import Any

import click

from imgsim.cli import model_completion
from imgsim.cli.flags import general_options
from imgsim.cli.model_limit_options import model_limit_options


def _channels(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[float, ...] | None:
    """Read one number for all channels, or one for each; fractions will do."""
    from fractions import Fraction

    from imgsim.models.header import LEAST_DEVIATION
    from imgsim.models.header_details import LARGEST

    if value is None:
        return None
    try:
        numbers = [float(Fraction(text)) for text in value.split(",")]
    except (ValueError, ZeroDivisionError, OverflowError):
        numbers = []
    least = LEAST_DEVIATION if param.name == "deviation" else -LARGEST
    if len(numbers) not in (1, 3) or not all(least <= number <= LARGEST for number in numbers):
        told = f"{value!r}: one number for all channels, or three as 0.485,0.456,0.406"
        raise click.BadParameter(f"{told}, of {least:g} to {LARGEST}", ctx, param)
    return tuple(numbers if len(numbers) == 3 else numbers * 3)


@click.command()
@click.argument("file", type=click.Path())
@click.option(
    "-a",
    "--architecture",
    shell_complete=model_completion.importable,
    help="Which network the weights are of; an exported .onnx file says it itself.",
)
@click.option(
    "--layer", default="", help="Cut the network after this layer; of an ONNX file, the output that is taken."
)
@click.option(
    "--padding",
    type=click.Choice(["torch", "tensorflow"]),
    help="How strided convolutions pad, as where the weights were trained: torch unless given.",
)
@click.option("--size", type=int, metavar="PIXELS", help="Of another program's .onnx: the side of the square it takes.")
@click.option(
    "--mean",
    callback=_channels,
    metavar="R,G,B",
    help="Likewise: what is subtracted from values of 0 to 1.  [default: ImageNet's]",
)
@click.option(
    "--deviation",
    callback=_channels,
    metavar="R,G,B",
    help="Likewise: what they are divided by; 1/255 brings them to 0..255.  [default: ImageNet's]",
)
@click.option("--channels", type=click.Choice(["rgb", "bgr"]), help="Likewise: their order.  [default: rgb]")
@click.option("--input", metavar="NAME", help="Likewise: its input for images, to make sure of it.")
@click.option("--name", default="", help="A name of your own for it, for -x NAME; a later import may take it over.")
@model_limit_options
@general_options
def import_(
    file: str,
    architecture: str | None,
    layer: str,
    padding: str | None,
    name: str,
    **takes: Any,  # noqa: ANN401 (each has its own type)
) -> None:
    """Import the weights in FILE, a model that imgsim wrote, or an ONNX file of another program's.

    A learned embedding is then -x embedding:NAME, a classifier `imgsim classify -m NAME`, a segmenter --segment NAME.

    With --architecture segformer, FILE is a folder that transformers wrote, or OWNER/NAME of the hub; it is then
    --segment NAME.

    Of another program's, which --size, --mean, --deviation or --name tells, one image is run to find out what it gives:
    rows, rows of tokens or maps, which are averaged. It is then -x NAME, or -x onnx/NAME; without --name, its file's.
    """
    from imgsim.models.segmenter_model import SEGFORMER

    if architecture == SEGFORMER:
        from imgsim.cli.segmenters import import_segmenter

        import_segmenter(file, name)
        return
    from imgsim.cli.networks import import_file

    given = {key: value for key, value in takes.items() if value is not None}
    import_file(file, architecture, layer, padding, name, given)
