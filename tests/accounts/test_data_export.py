"""The archive in pieces, and two requests that want to make one at the same moment."""

from __future__ import annotations

import io
import threading
import zipfile
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection

from accounts.data_export.archive import Member, TooLarge, archive, length_of
from accounts.data_export.models import DataExport
from accounts.models import Door, User

MOMENT = datetime(2026, 11, 22, 8, 30, 10, tzinfo=UTC)


def test_pieces_that_were_compressed_apart_are_one_file() -> None:
    long, short = Member("data.json"), Member("Überblick.html")
    pieces = [long.pack(f"{number}\n" * 1000, last=number == 2) for number in range(3)]
    pieces.append(short.pack("<p>\u202eé", last=True))
    content = b"".join(archive([long, short], pieces, MOMENT))
    assert len(content) == length_of([long, short])
    read = zipfile.ZipFile(io.BytesIO(content))
    assert read.testzip() is None
    assert read.namelist() == ["data.json", "Überblick.html"]
    assert read.read("data.json").decode() == "0\n" * 1000 + "1\n" * 1000 + "2\n" * 1000
    assert read.read("Überblick.html").decode() == "<p>\u202eé"
    assert read.getinfo("data.json").date_time == (2026, 11, 22, 8, 30, 10)


@pytest.mark.parametrize(
    "members",
    [[Member(str(number)) for number in range(2**16)], [Member("a", packed_size=2**32)]],
    ids=["too many", "too long"],
)
def test_what_a_zip_file_does_not_hold_is_refused(members: list[Member]) -> None:
    with pytest.raises(TooLarge):
        next(archive(members, [], MOMENT))


@pytest.mark.django_db(transaction=True)
def test_of_two_presses_at_the_same_moment_one_begins() -> None:
    user = User.objects.for_sub("sub-of-two-tabs", door=Door.WEB)
    together = threading.Barrier(4)
    begun: list[int] = []
    failed: list[DatabaseError] = []

    def press() -> None:
        try:
            together.wait(timeout=10)
            export = DataExport.objects.begin(user, language="en", total_rows=1, position={})
            begun.append(export.pk)
        except DatabaseError as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert failed == []
    assert len(set(begun)) == 1
    assert DataExport.objects.count() == 1
