"""`python photo_server.py FOLDER`: give the photos in it over HTTP from memory, and write the port to stdout."""

import asyncio
import sys
from pathlib import Path


async def main(folder: str) -> None:
    """Serve until killed; what stands behind a question mark plays no part."""
    photos = {path.name.encode(): path.read_bytes() for path in Path(folder).glob("*.jpg")}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1]
                photo = photos.get(path.partition(b"?")[0].rpartition(b"/")[2])
                status, body = (b"404 Not Found", b"") if photo is None else (b"200 OK", photo)
                writer.write(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main(sys.argv[1]))
