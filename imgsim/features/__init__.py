"""Feature extractors, one a file, named in one table."""

from imgsim.features.extractor_table import (
    DEFAULT_EXTRACTOR,
    EXTRACTORS,
    FUSIONS,
    build_extractor,
    default_extractor,
    default_parameters,
    extractor_names,
    find_factory,
    load_extractor,
    spell_out,
    write_out,
)

__all__ = [
    "DEFAULT_EXTRACTOR",
    "EXTRACTORS",
    "FUSIONS",
    "build_extractor",
    "default_extractor",
    "default_parameters",
    "extractor_names",
    "find_factory",
    "load_extractor",
    "spell_out",
    "write_out",
]
