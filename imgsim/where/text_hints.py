"""What to do where numbers or dates are asked for, and an attribute is text that looks like them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgsim.errors import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.tables.column_doubts import Proposal

SAMPLE = 100_000  # texts; an attribute of more is judged by these


def explain_texts(error: ExpressionError, texts: Sequence[str]) -> ExpressionError:
    """Say how the table must be read for its texts to be the numbers or dates that were asked for, where it can be."""
    from imgsim.tables.cell_forms import AS_PROGRAMS_DO, CellForms
    from imgsim.tables.column_doubts import Proposal, count_read, find_unread, propose

    name, type_ = str(error.facts["column"]), str(error.facts["type"])
    texts = sorted(texts)[:SAMPLE]
    proposals = propose(name, type_, texts, AS_PROGRAMS_DO)
    read = count_read(proposals[0].forms if proposals else AS_PROGRAMS_DO, name, type_, texts)
    if not read or 2 * read < len(texts):
        return error
    odd = find_unread(proposals[0].forms if proposals else AS_PROGRAMS_DO, name, type_, texts)
    if odd is not None:
        reason = f"{name} is text, since {odd!r} is no {type_}: correct that in its table, and import it again"
    elif proposals:
        reason = f"{name} is text ({texts[0]!r}), which can be read as {type_}s"
    else:
        proposals = [Proposal(CellForms(types={name: type_}), None)]
        reason = f"{name} is text ({texts[0]!r}), which can be read as {type_}s"
    return ExpressionError(error.text, error.position, reason, remedy="read-table", **_facts(proposals))


def _facts(proposals: Sequence[Proposal]) -> dict[str, Any]:
    """Give what tells the forms of the first two proposals."""
    first, second = [*[one.forms for one in proposals[:2]], None, None][:2]
    types = [f"{name}={type_}" for name, type_ in first.types.items()] if first else []
    return {
        "decimal": first and first.decimal,
        "dates": first and first.dates,
        "types": types,
        "or_decimal": second and second.decimal,
        "or_dates": second and second.dates,
    }
