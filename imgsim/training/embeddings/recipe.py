"""How an embedding is trained: what a configuration file and the command's options say, checked before any work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from imgsim.errors import ParameterError
from imgsim.training.run_recipe import RunRecipe

if TYPE_CHECKING:
    from collections.abc import Mapping

KIND = "embedding"  # of a run, in its configuration
LEAVE_ONE_OUT, ONE_QUERY = PRODUCT_SPLITS = ("products-leave-one-out", "products-one-query")
DIMS = (64, 128, 256, 512)
CHOICES: dict[str, tuple[str, ...]] = {
    **RunRecipe.choices,
    "by": ("recall@1", "map@r", "accuracy", "spearman"),
    "split": ("classes", "photos", *PRODUCT_SPLITS, "groups"),
    "head": ("orthogonal", "linear"),
}
OF_KIND: dict[str, dict[str, tuple[str, ...]]] = {  # what fits labels that are classes, or scores
    "by": {"classes": ("recall@1", "map@r"), "scores": ("accuracy", "spearman")},
    "split": {"classes": ("classes", "photos", *PRODUCT_SPLITS), "scores": ("photos", "groups")},
    "head": {"classes": ("orthogonal", "linear"), "scores": ("orthogonal",)},
}
SCORED = {"loss": "triplet", "sampler": "scores", "by": "accuracy", "split": "photos"}  # in place of other defaults
USUAL_WIDTHS = "5:30"  # of scores, as `imgsim evaluate --triplets` has them
UNMINED, UNMINED_SAMPLER = "log-ratio", "random"  # a loss of scores that needs no partners, and its sampler


@dataclass(frozen=True)
class TrainingRecipe(RunRecipe):
    """What a run does, but for its photos; each field is a key of its configuration, with dashes there."""

    kind_of_run: ClassVar[str] = KIND
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = CHOICES

    dim: int = 512
    head: str = "orthogonal"
    loss: str = "multi-similarity"
    miner: str = ""
    sampler: str = "m-per-class"
    by: str = "recall@1"
    split: str = "classes"
    shares: str = "0.6:0.2:0.2"
    widths: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require("dim", self.dim in DIMS, f"is {', '.join(map(str, DIMS[:-1]))} or {DIMS[-1]}")
        _ = self.parts
        default = type(self).shares
        if self.split == ONE_QUERY and self.shares != default:
            raise ParameterError(
                f"shares {self.shares}: {ONE_QUERY} deals photos by rules of its own: leave shares out"
            )
        for key, fitting in OF_KIND.items():
            if (value := getattr(self, key)) not in fitting[self.kind]:
                told = f"{value} is not for labels that are {self.kind}: {' or '.join(fitting[self.kind])}"
                raise ParameterError(f"{key}: {told}")
        if self.widths.count(":") > 1 or (self.widths and ":" not in self.widths):
            raise ParameterError(f"widths {self.widths!r}: write WITHIN:BEYOND, such as 5:30 or q0.1:q0.6")

    @property
    def kind(self) -> Literal["classes", "scores"]:
        """What its photos' labels are: scores have widths."""
        return "scores" if self.widths else "classes"

    @property
    def parts(self) -> tuple[float, ...]:
        """The shares of photos that train, validate and test."""
        try:
            return tuple(float(share) for share in self.shares.split(":"))
        except ValueError:
            told = f"shares {self.shares!r}: three numbers with colons between them, such as 0.6:0.2:0.2"
            raise ParameterError(told) from None

    @classmethod
    def make(cls, *told: Mapping[str, Any]) -> Self:
        """Make a recipe of what several sources say, of which a later one counts more than an earlier one."""
        named = {key: value for one in told for key, value in one.items()}
        if named.get("widths"):
            unmined = str(named.get("loss", "")).partition(":")[0] == UNMINED
            named = SCORED | ({"sampler": UNMINED_SAMPLER} if unmined else {}) | named
        return cls(**named)
