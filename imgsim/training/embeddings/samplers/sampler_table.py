"""The table of samplers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.registry import Registry
from imgsim.training.embeddings.named_part import build_part, spell_part

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgsim.training.embeddings.samplers.base_sampler import Sampler, SamplerSetting

SAMPLERS: Registry[Callable[..., Sampler]] = Registry(
    "sampler",
    {
        "m-per-class": "imgsim.training.embeddings.samplers.m_per_class:MPerClass",
        "random": "imgsim.training.embeddings.samplers.shuffled:Shuffled",
        "scores": "imgsim.training.embeddings.samplers.score_partners:ScorePartners",
    },
)


def build_sampler(text: str, setting: SamplerSetting) -> Sampler:
    """Build the sampler that a text names, ``NAME[:key=value,...]``, of the photos of a setting.

    UnknownNameError if there is none, ParameterError if a parameter does not fit, EvaluationError if the photos do not.
    """
    return build_part(SAMPLERS, text, setting)


def spell_sampler(text: str) -> str:
    """Write a sampler with every parameter that a text leaves out.

    Examples
    --------
    >>> spell_sampler("m-per-class:most=2")
    'm-per-class:least=2,most=2,smaller=refuse'
    """
    return spell_part(SAMPLERS, text)
