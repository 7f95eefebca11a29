"""A zip file out of pieces that were compressed one by one, in several requests.

Python's zipfile wants to write an archive from beginning to end. Here each step of an export
leaves pieces of raw deflate: one that ends in a full flush can be followed by another
(RFC 1951, 3.2.4; as pigz does it), so the members are only put behind their headers.
https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION = 20  # 2.0: deflate
_UTF8_NAME = 0x800
_DEFLATED = 8
_LARGEST = 2**32 - 1
_MOST_MEMBERS = 2**16 - 1


class TooLarge(Exception):
    """More than a zip file of the common kind holds: 65,535 members, or 4 GB."""


@dataclass(slots=True)
class Member:
    """A file of the archive and what its headers say. Sizes in bytes."""

    name: str
    crc: int = 0
    size: int = 0
    packed_size: int = 0
    pieces: int = 0

    def pack(self, text: str, *, last: bool) -> bytes:
        """The next piece of this file, compressed."""
        data = text.encode()
        packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        packed = packer.compress(data) + packer.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)
        self.crc = zlib.crc32(data, self.crc)
        self.size += len(data)
        self.packed_size += len(packed)
        self.pieces += 1
        return packed

    @property
    def raw_name(self) -> bytes:
        return self.name.encode()


def length_of(members: list[Member]) -> int:
    """Bytes of the whole archive."""
    headers = sum(_LOCAL.size + _CENTRAL.size + 2 * len(member.raw_name) for member in members)
    return headers + sum(member.packed_size for member in members) + _END.size


def archive(members: list[Member], pieces: Iterable[bytes], moment: datetime) -> Iterator[bytes]:
    """The archive; `pieces` of all members in their order, `moment` is when they were written."""
    if len(members) > _MOST_MEMBERS or length_of(members) > _LARGEST:
        raise TooLarge
    stream, directory, offset = iter(pieces), bytearray(), 0
    for member in members:
        about = (
            _VERSION,
            _UTF8_NAME,
            _DEFLATED,
            *_dos(moment),
            member.crc,
            member.packed_size,
            member.size,
            len(member.raw_name),
            0,
        )
        directory += _CENTRAL.pack(b"PK\1\2", _VERSION, *about, 0, 0, 0, 0, offset)
        directory += member.raw_name
        header = _LOCAL.pack(b"PK\3\4", *about) + member.raw_name
        yield header
        for _ in range(member.pieces):
            yield next(stream)
        offset += len(header) + member.packed_size
    count = len(members)
    yield bytes(directory) + _END.pack(b"PK\5\6", 0, 0, count, count, len(directory), offset, 0)


def _dos(moment: datetime) -> tuple[int, int]:
    """(time, date) as MS-DOS has them: since 1980, in steps of two seconds."""
    time = moment.hour << 11 | moment.minute << 5 | moment.second // 2
    return time, (moment.year - 1980) << 9 | moment.month << 5 | moment.day
