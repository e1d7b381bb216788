"""What can go wrong, one class a kind; every message is one line that says what, where and what to do."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

NAMED = 3  # of many, in a message


class ImgsimError(Exception):
    """Any failure that imgsim explains to its user.

    Parameters
    ----------
    *args : object
        What the message is made of.
    remedy : str, optional
        What would help, by a name that programs can act on; the command line turns it into what to type.
    **facts : object
        What the remedy is about.
    """

    def __init__(self, *args: object, remedy: str = "", **facts: object) -> None:
        super().__init__(*args)
        self.remedy = remedy
        self.facts = facts


class FileReadError(ImgsimError):
    """A file that cannot be used.

    Parameters
    ----------
    path : str
        The file, as it was named.
    reason : str
        Why it cannot be used, without the path.
    **remedy : object
        As for any error.
    """

    def __init__(self, path: str, reason: str, **remedy: Any) -> None:  # noqa: ANN401 (a remedy and its facts)
        super().__init__(path, reason, **remedy)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class ImageReadError(FileReadError):
    """A photo that cannot be read."""


class DrawnPictureError(ImageReadError):
    """A picture that imgsim drew itself, where photos are looked for."""


class UnknownNameError(ImgsimError):
    """A name that stands in no table.

    Parameters
    ----------
    kind : str
        What was looked for, for example ``"extractor"``.
    name : str
        The name as it was given.
    choices : iterable of str
        The names that exist.
    """

    def __init__(self, kind: str, name: str, choices: Iterable[str]) -> None:
        self.kind = kind
        self.name = name
        self.choices = sorted(choices)
        super().__init__(kind, name, self.choices)

    def __str__(self) -> str:
        hint = propose(self.name, self.choices, self.compared) or "there is none"
        return f"unknown {self.kind} {self.name!r}: {hint}"

    @staticmethod
    def compared(name: str) -> str:
        """Give what of a name tells which is near."""
        return name


class UnknownModelError(UnknownNameError):
    """A name that no model has, nor what could be named in its place; compared without what stands before a colon."""

    @staticmethod
    def compared(name: str) -> str:
        """Give what stands behind the colon: ``shelf`` of ``embedding:shelf``."""
        return name.rpartition(":")[2]


class ExpressionError(ImgsimError):
    """A condition that cannot be understood, or does not fit the attributes of the index.

    Parameters
    ----------
    text : str
        The expression.
    position : int
        Of the character where it goes wrong, from 0.
    reason : str
        What is wrong there, and what to write instead.
    **remedy : object
        As for any error.
    """

    def __init__(self, text: str, position: int, reason: str, **remedy: Any) -> None:  # noqa: ANN401 (a remedy and its facts)
        super().__init__(text, position, reason, **remedy)
        self.text = text
        self.position = position
        self.reason = reason

    def __str__(self) -> str:
        return f"column {self.position + 1} of the expression: {self.reason}"


class OutOfSightError(ImgsimError):
    """Photos that fit, all of which an index's rules keep out of sight."""


class TableError(FileReadError):
    """A table of attributes that cannot be used, and on which line: nothing is changed because of it."""


class ParameterError(ImgsimError):
    """A parameter that an extractor or a metric does not take, or a value outside its range."""


class MetricDomainError(ImgsimError):
    """Features that a metric is not defined for, such as negative values under ``hellinger``."""


class EvaluationError(ImgsimError):
    """Labels or scores that nothing can be learnt from: too few, or not all of them numbers."""


class IndexNotFoundError(ImgsimError):
    """No index where one was looked for."""


class IndexFormatError(ImgsimError):
    """An index that this version of imgsim cannot use: newer, damaged, or no index at all."""


class IndexLockedError(ImgsimError):
    """An index that another process is writing."""


class IndexWriteError(ImgsimError):
    """An index that cannot be written: a full disk, a read-only folder."""


class ExtractorMismatchError(ImgsimError):
    """An index whose features were not made by the extractor that is asked for."""


class CalibrationError(ImgsimError):
    """A probability asked for where no distance was calibrated."""


class WeightsError(ImgsimError):
    """Model weights that are absent, damaged, or not of the architecture named."""


class MissingDependencyError(ImgsimError):
    """An optional package that is not installed.

    Parameters
    ----------
    package : str
        The package that could not be imported.
    extra : str
        The extra of imgsim that installs it.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(package, extra)
        self.package = package
        self.extra = extra

    def __str__(self) -> str:
        return f"{self.package} is not installed: pip install 'imgsim[{self.extra}]'"


def propose(name: str, choices: Iterable[str], compared: Callable[[str], str] = str) -> str:
    """Say which of some names was meant, by what is compared of each, or else which there are; empty without any.

    Examples
    --------
    >>> propose("histogrm", ["histogram", "hog"])
    'did you mean histogram?'
    >>> propose("x", ["a", "b"])
    'choose from a, b'
    """
    from difflib import get_close_matches

    listed = list(choices)
    known = {compared(choice): choice for choice in listed}
    word, whole = compared(name), [choice for part, choice in known.items() if part == choice]
    alike = known if word == name else known.keys() - whole  # what stands behind a colon is near to its like
    if near := get_close_matches(word, alike, n=1) or get_close_matches(name, whole, n=1):
        return f"did you mean {known[near[0]]}?"
    return f"choose from {', '.join(listed)}" if listed else ""


def first_few(names: Sequence[str]) -> str:
    """List names, at least one, but for those beyond a few.

    Examples
    --------
    >>> first_few(["a", "b", "c", "d"])
    'a, b, c and 1 more'
    """
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
