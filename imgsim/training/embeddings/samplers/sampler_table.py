"""The table of samplers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.naming import parse_naming
from imgsim.registry import Registry
from imgsim.training.named_part import build_part, fitting, require, spell_part

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgsim.evaluation.score_widths import Widths
    from imgsim.training.embeddings.losses.base_loss import Kind
    from imgsim.training.embeddings.samplers.base_sampler import Sampler, SamplerSetting

SAMPLERS: Registry[Callable[..., Sampler]] = Registry(
    "sampler",
    {
        "m-per-class": "imgsim.training.embeddings.samplers.m_per_class:MPerClass",
        "random": "imgsim.training.embeddings.samplers.shuffled:Shuffled",
        "scores": "imgsim.training.embeddings.samplers.score_partners:ScorePartners",
    },
)


def check_kind(text: str, kind: Kind) -> None:
    """Raise ParameterError where the sampler that a text names is not for labels of a kind."""
    name = parse_naming(text)[0]
    kinds: tuple[Kind, ...] = SAMPLERS.load(name).kinds  # type: ignore[attr-defined]
    told = f"it is for labels that are {' or '.join(kinds)}, and these are {kind}: give {fitting(SAMPLERS, kind)}"
    require(f"sampler {name}", kind in kinds, told)


def build_sampler(text: str, setting: SamplerSetting, widths: Widths | None = None) -> Sampler:
    """Build the sampler that a text names, ``NAME[:key=value,...]``; one of scores has `widths` unless the text has.

    UnknownNameError if there is none, ParameterError if a parameter does not fit, EvaluationError if the photos do not.
    """
    preset = {key: repr(width) for key, width in widths._asdict().items()} if widths else {}
    return build_part(SAMPLERS, text, setting, preset=preset)


def spell_sampler(text: str) -> str:
    """Write a sampler with every parameter that a text leaves out.

    Examples
    --------
    >>> spell_sampler("m-per-class:most=2")
    'm-per-class:least=2,most=2,smaller=refuse'
    """
    return spell_part(SAMPLERS, text)
