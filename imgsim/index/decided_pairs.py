"""Pairs of photos that people decided about, by where the photos are now."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from imgsim.index.store.pair_store import DecidedPair
    from imgsim.index.store.store import Store

    PathsWith = Callable[[Iterable[bytes]], Mapping[bytes, Sequence[str]]]


def list_pairs(store: Store, elsewhere: PathsWith | None) -> list[DecidedPair]:
    """List an index's pairs with the paths of today, where the photos are indexed; `elsewhere` finds lost ones."""
    kept, own = store.pairs(), store.stamp.store
    mine = {pair.lost for pair in kept if pair.lost_store == own}
    here = paths_with(store, mine | {pair.found for pair in kept})
    theirs = elsewhere({pair.lost for pair in kept if pair.lost_store != own}) if elsewhere else {}
    listed = [
        pair._replace(
            lost_path=_now(pair.lost_path, (here if pair.lost_store == own else theirs).get(pair.lost, ())),
            found_path=_now(pair.found_path, here.get(pair.found, ())),
        )
        for pair in kept
    ]
    return sorted(listed, key=lambda pair: (os.fsencode(pair.lost_path), os.fsencode(pair.found_path), pair[:2]))


def count_states(store: Store) -> dict[str, int]:
    """Count an index's pairs by their state."""
    states = [pair.state for pair in store.pairs()]
    return {state: states.count(state) for state in sorted(set(states))}


def paths_with(store: Store, digests: Iterable[bytes]) -> dict[bytes, list[str]]:
    """Give the paths of the photos that have some contents, sorted."""
    keys = store.photos_with(digests)
    flat = [key for same in keys.values() for key in same]
    paths = dict(zip(flat, (record.path for record in store.records(flat)), strict=True))
    return {digest: [paths[key] for key in same] for digest, same in keys.items()}


def keep_decisions(store: Store, pairs: Sequence[DecidedPair]) -> list[DecidedPair | None]:
    """Keep pairs, and give what was kept of each before."""
    before = kept_by_content(store)
    store.keep_pairs(pairs)
    return [before.get(pair[:2]) for pair in pairs]


def kept_by_content(store: Store) -> Mapping[tuple[bytes, bytes], DecidedPair]:
    """Give what is kept, by the digests of the lost photo and the found one."""
    return {pair[:2]: pair for pair in store.pairs()}


def _now(last: str, paths: Sequence[str]) -> str:
    """Give where a photo is: of copies that one which was meant, if it is there."""
    return last if last in paths or not paths else paths[0]
