"""Where the chains of a run are put so that the endpoint finds them at Amazon's address.

Either in the folder of development keys, which an endpoint of this project reads in place of the
network, or on a server of ours, from which the endpoint was told to fetch them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from skill_endpoint.certification.chain_server import ChainServer, File

# takes a name without ".pem", and what is served there
Publisher = Callable[[str, File], None]


def to_server(server: ChainServer) -> Publisher:
    def publish(name: str, file: File) -> None:
        server.files[f"{name}.pem"] = file

    return publish


@contextmanager
def to_folder(folder: Path) -> Iterator[Publisher]:
    """A publisher into a folder, which is as it was at the end of the block.

    Only the content of a file counts there, and only the first of a name. The publisher raises
    OSError.
    """
    written: list[Path] = []

    def publish(name: str, file: File) -> None:
        path = folder / f"{name}.pem"
        if path in written:
            return
        # exclusive: nothing that lies there is overwritten; nobody asks for it before it is whole
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        written.append(path)
        with os.fdopen(descriptor, "wb") as new:
            new.write(file.content)

    try:
        yield publish
    finally:
        for path in written:
            path.unlink(missing_ok=True)
