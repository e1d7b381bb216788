"""How to index a folder, and what of it an index remembers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from imgsim.errors import ImgsimError
from imgsim.images.limits import MAX_MEGAPIXELS, MAX_MEMORY, MAX_SECONDS, Limits
from imgsim.tables.cell_forms import AS_PROGRAMS_DO, CellForms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from imgsim.images.find import Found
    from imgsim.index.description import AttributeTable
    from imgsim.index.features_file import FeaturesFile
    from imgsim.index.store.measurement_store import StoredClassifier
    from imgsim.index.store.store import Store

PATTERNS = ("include", "exclude")
KEPT = (*PATTERNS, "exif", *Limits._fields)  # colours are kept by how they are measured


@dataclass(frozen=True)
class Remembered:
    """How an index was made, which later runs go by.

    `include` and `exclude` are patterns; `colors` is the identity of how colours are measured, None where they are not.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_megapixels: float = MAX_MEGAPIXELS
    max_seconds: float = MAX_SECONDS
    max_memory: float = MAX_MEMORY
    colors: str | None = None
    cut: str = ""  # what cuts photos into parts, as their owner
    exif: bool = False  # whether headers are read
    forms: CellForms = AS_PROGRAMS_DO  # of tables of attributes
    encoding: str | None = None  # of those that are not in UTF-8
    classifiers: Mapping[str, StoredClassifier] = field(default_factory=dict)  # by the attribute that each sets

    @property
    def limits(self) -> Limits:
        """What decoding a photo may take."""
        return Limits(self.max_megapixels, self.max_seconds, self.max_memory)

    @classmethod
    def of(cls, store: Store) -> Remembered:
        """Read what an index remembers."""
        kept = store.options
        made = cls(forms=CellForms(**kept.get("forms", {})), encoding=kept.get("encoding"))
        made = replace(made, colors=store.color_measure, classifiers=store.classifiers, cut=store.cut)
        return made.updated(kept)

    def updated(self, asked: Mapping[str, Any]) -> Remembered:
        """Put what is asked for in place of what was remembered; an empty pattern stands for none."""
        given = {name: asked[name] for name in KEPT if asked.get(name) is not None}
        patterns = {name: tuple(filter(None, value)) for name, value in given.items() if name in PATTERNS}
        if table := asked.get("attributes"):
            given |= {"forms": self.forms.updated(table.forms), "encoding": table.encoding or self.encoding}
        return replace(self, **{**given, **patterns})

    def scan(self, folder: str, **heard: Callable[[str, str], None]) -> Found:
        """Walk a folder for pictures, by the patterns; `heard`, as of `find_images`, hears what is passed over."""
        from imgsim.images.find import check_folder, find_images

        check_folder(folder)
        try:
            return find_images(folder, include=self.include, exclude=self.exclude, **heard)
        except OSError as error:
            raise ImgsimError(f"{folder}: {error.strerror}") from error

    def keep(self, store: Store) -> None:
        """Make an index remember this, colours and classifiers aside."""
        tables = {"forms": self.forms.kept(), "encoding": self.encoding}
        store.set_options({name: getattr(self, name) for name in KEPT} | tables)


@dataclass(frozen=True)
class Options:
    """How to index; where nothing is said of patterns, limits, colours, EXIF or classifiers, the index remembers it.

    Parameters
    ----------
    include, exclude : sequence of str, optional
        Patterns, as for `find_images`, now and in later runs; an empty one stands for none.
    files : sequence of str, optional
        Look at these files only, instead of the whole folder.
    jobs : int, optional
        Processes; one a processor unless given.
    max_megapixels : float, optional
        The largest photo to decode, now and in later runs; 100 for a new index.
    max_seconds : float, optional
        How long decoding a photo may take, now and in later runs; 60 for a new index.
    max_memory : float, optional
        How much memory it may take, in MB, now and in later runs; 4000 for a new index.
    prune : bool
        Remove missing photos, and what people typed about them, even if they are more than half.
    moved : bool
        The indexed folder is now elsewhere.
    refit : bool
        Pin the statistics of the photos as they are now.
    verify : bool
        Compare every row, the cache and every file's content with what is recorded, and measure again what differs.
    retry_failed : bool
        Try the files in the ledger again.
    default : str, optional
        The extractor that queries use from now on.
    attributes : AttributeTable, optional
        A table that says more about the photos; its encoding, and how its cells are written, hold for later runs too.
    segment : str, optional
        ``NAME[:LABEL,...]``: the segmenter that cuts photos into parts, now and in later runs; ``none`` for none.
    background : str, optional
        What is put behind parts, now and in later runs: ``white`` at first.
    crop : bool, optional
        Whether to cut close around parts, now and in later runs.
    colors : bool, optional
        Whether to measure colours, now and in later runs.
    exif : bool, optional
        Whether to read when, where and by which camera photos were taken, now and in later runs.
    kinds : bool, optional
        Whether to tell what kind of thing each photo shows, now and in later runs.
    kind_language : str, optional
        In which language, ``en`` or ``ko``, now and in later runs; ``en`` at first.
    classify : sequence of str, optional
        ``[NAME=]MODEL``: classifiers, each with the attribute that it sets, now and in later runs; ``NAME=`` takes one
        back.
    features : FeaturesFile, optional
        A file of rows that another program made of the photos.
    """

    include: Sequence[str] | None = None
    exclude: Sequence[str] | None = None
    files: Sequence[str] | None = None
    jobs: int | None = None
    max_megapixels: float | None = None
    max_seconds: float | None = None
    max_memory: float | None = None
    prune: bool = False
    moved: bool = False
    refit: bool = False
    verify: bool = False
    retry_failed: bool = False
    default: str | None = None
    attributes: AttributeTable | None = None
    segment: str | None = None
    background: str | None = None
    crop: bool | None = None
    colors: bool | None = None
    exif: bool | None = None
    kinds: bool | None = None
    kind_language: str | None = None
    classify: Sequence[str] = ()
    features: FeaturesFile | None = None
