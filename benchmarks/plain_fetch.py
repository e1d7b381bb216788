"""`python plain_fetch.py ADDRESSES FOLDER CONNECTIONS [--threads]`: a bare loop of httpx that looks at nothing."""

import asyncio
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx


async def fetch(addresses: Iterator[str], folder: Path, connections: int) -> None:
    """Save what each address gives, so many at a time."""
    async with httpx.AsyncClient() as client:

        async def work() -> None:
            for address in addresses:
                answer = await client.get(address)
                folder.joinpath(address.rpartition("/")[2]).write_bytes(answer.raise_for_status().content)

        await asyncio.gather(*(work() for _ in range(connections)))


def fetch_in_threads(addresses: Iterator[str], folder: Path, connections: int) -> None:
    """Do the same in threads."""
    with httpx.Client() as client, ThreadPoolExecutor(connections) as pool:

        def save(address: str) -> None:
            answer = client.get(address)
            folder.joinpath(address.rpartition("/")[2]).write_bytes(answer.raise_for_status().content)

        for done in [pool.submit(save, address) for address in addresses]:
            done.result()


listed = iter(Path(sys.argv[1]).read_text().split())
Path(sys.argv[2]).mkdir(exist_ok=True)
if "--threads" in sys.argv:
    fetch_in_threads(listed, Path(sys.argv[2]), int(sys.argv[3]))
else:
    asyncio.run(fetch(listed, Path(sys.argv[2]), int(sys.argv[3])))
