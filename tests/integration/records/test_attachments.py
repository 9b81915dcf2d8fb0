"""Attachments: told apart by their bytes, bounded, scanned, kept by their content, searchable; nothing half there."""

import hashlib
import io
import socket
import struct
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from PIL import Image
from tests.integration.records.conftest import ANN, BEN, WHY, Store

from peelian.errors import NotAllowedError, NotFoundError, RecordError, SourceError, StoreError
from peelian.jobs.terms import RecordTerms
from peelian.records.marking import Marking, Sensitivity

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def _attach(store: Store, record: int, name: str, content: bytes | BinaryIO, terms: RecordTerms | None = None) -> Any:  # noqa: ANN401 - a value from behind Django
    from peelian.jobs.attaching import attach

    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    return attach(store.home, record, name, stream, store.by(), terms or RecordTerms())


def _zipped(**parts: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return out.getvalue()


def _docx(words: str) -> bytes:
    runs = "".join(f"<w:p><w:r><w:t>{word}</w:t></w:r></w:p>" for word in words.split())
    return _zipped(word__document_xml=f"<w:document {W}><w:body>{runs}</w:body></w:document>")


def _pdf(words: str) -> bytes:
    import typst

    source = f"#set page(width: 10cm, height: 5cm)\n{words}"
    return bytes(typst.compile(source.encode(), format="pdf"))  # type: ignore[call-overload] # its stub lacks bytes


def _office(kind: str) -> bytes:
    if kind == "odt":
        return _zipped(
            mimetype="application/vnd.oasis.opendocument.text", content_xml="<a><p>harbour</p><p>lantern</p></a>"
        )
    if kind == "xlsx":
        return _zipped(
            xl__workbook_xml="<w/>", xl__sharedStrings_xml="<sst><si><t>harbour</t></si><si><t>lantern</t></si></sst>"
        )
    if kind == "pptx":
        return _zipped(
            ppt__presentation_xml="<p/>", ppt__slides__slide1_xml="<s><p><t>harbour</t></p><p><t>lantern</t></p></s>"
        )
    if kind == "pdf":
        return _pdf("harbour lantern")
    return _docx("harbour lantern") if kind == "docx" else b"harbour lantern\n"


@pytest.mark.parametrize("kind", ["docx", "xlsx", "pptx", "odt", "pdf", "txt"])
def test_words_of_a_document_are_found(store: Store, kind: str) -> None:
    todd = store.add("person", name="Todd")
    kept = _attach(store, todd, f"statement.{kind}", _office(kind))
    assert kept.text_note == ""
    page = store.find("lantern harbour")
    assert [h.record for h in page.hits] == [todd]
    assert page.hits[0].why[0].property == f"statement.{kind}"


def test_photograph_is_kept_without_what_its_camera_wrote(sqlite_store: Store) -> None:
    from peelian.store.records.attachments import attached, open_attachment

    todd = sqlite_store.add("person", name="Todd")
    out = io.BytesIO()
    picture = Image.new("RGB", (60, 40), "teal")
    exif = picture.getexif()
    exif[0x0110] = "SecretCamera 9"
    exif.get_ifd(0x8769)[0x9003] = "2026:02:03 04:05:06"
    exif.get_ifd(0x8825)[1] = "N"
    picture.save(out, "JPEG", exif=exif)
    content = out.getvalue()
    assert b"SecretCamera" in content
    kept = _attach(sqlite_store, todd, "scene.jpg", content)
    assert kept.original_sha256 == hashlib.sha256(content).hexdigest()
    assert kept.captured_at == "2026-02-03T04:05:06"
    told, file = open_attachment(sqlite_store.home, kept.id, ANN, WHY)
    with file:
        stored = file.read()
    assert told == kept
    assert hashlib.sha256(stored).hexdigest() == kept.sha256 != kept.original_sha256
    assert b"SecretCamera" not in stored
    with Image.open(io.BytesIO(stored)) as again:
        assert again.size == (60, 40)
        assert len(again.getexif()) == 0
    assert attached(todd, ANN, WHY) == (kept,)


def test_photograph_whose_camera_wrote_damaged_notes_is_kept_upright(sqlite_store: Store) -> None:
    from peelian.store.records.attachments import open_attachment

    todd, out = sqlite_store.add("person", name="Todd"), io.BytesIO()
    held_sideways, length_as_a_fraction = "011200030000000100060000", "0200000b0000000100000026"
    notes = bytes.fromhex("4d4d002a000000080002" + held_sideways + length_as_a_fraction + "00000000")
    Image.new("RGB", (60, 40), "teal").save(out, "JPEG", exif=b"Exif\0\0" + notes)
    kept = _attach(sqlite_store, todd, "scene.jpg", out.getvalue())
    _, file = open_attachment(sqlite_store.home, kept.id, ANN, WHY)
    with file, Image.open(file) as again:
        assert again.size == (40, 60)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("photo.jpg", b"%PDF-1.7 not a photograph"),
        ("letter.pdf", _docx("words")),
        ("letter.docx", b"PK\x03\x04 broken"),
        ("page.txt", b"\x00\x01\x02binary"),
        ("page.txt", "naïve".encode("latin-1")),
        ("run.exe", b"MZ\x90\x00"),
        ("page.html", b"<script>alert(1)</script>"),
        ("photo.png", b"\x89PNG\r\n\x1a\n and no more"),
        ("photo.webp", b"RIFF\x00\x00\x00\x00WEBPjunk"),
        ("sheet.docx", _office("xlsx")),
    ],
)
def test_file_that_lies_about_its_type_is_refused(sqlite_store: Store, name: str, content: bytes) -> None:
    todd = sqlite_store.add("person", name="Todd")
    with pytest.raises(SourceError):
        _attach(sqlite_store, todd, name, content)
    _nothing_left(sqlite_store)


class _Endless:
    """Five gigabytes that nobody holds: how far they were read is counted."""

    def __init__(self) -> None:
        self.read_bytes = 0

    def read(self, size: int) -> bytes:
        self.read_bytes += size
        return b"a" * size if self.read_bytes < 5 << 30 else b""


def test_upload_of_five_gigabytes_is_refused_while_it_is_read(sqlite_store: Store) -> None:
    todd = sqlite_store.add("person", name="Todd")
    endless: Any = _Endless()
    with pytest.raises(RecordError, match="larger than 3 MiB"):
        _attach(sqlite_store, todd, "big.txt", endless, RecordTerms(attachment_limit_mb=3))
    assert endless.read_bytes <= 5 << 20
    _nothing_left(sqlite_store)


def test_zip_bomb_is_kept_as_a_file_and_not_unpacked(sqlite_store: Store) -> None:
    todd = sqlite_store.add("person", name="Todd")
    bomb = _zipped(word__document_xml=b"<w>" + b" " * (80 << 20) + b"</w>")
    assert len(bomb) < 1 << 20
    kept = _attach(sqlite_store, todd, "bomb.docx", bomb)
    assert "zip bomb" in kept.text_note


def test_file_that_declares_entities_is_not_read(sqlite_store: Store) -> None:
    todd = sqlite_store.add("person", name="Todd")
    laughs = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><w>&b;</w>'
    kept = _attach(sqlite_store, todd, "laughs.docx", _zipped(word__document_xml=laughs))
    assert "entities" in kept.text_note
    hidden = f'<?xml version="1.0" encoding="UTF-16"?>{laughs}'.encode("utf-16")
    assert "entities" in _attach(sqlite_store, todd, "quiet.docx", _zipped(word__document_xml=hidden)).text_note


def test_picture_of_too_many_pixels_is_refused(sqlite_store: Store) -> None:
    todd = sqlite_store.add("person", name="Todd")
    out = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(out, "PNG")
    with pytest.raises(SourceError):
        _attach(sqlite_store, todd, "wide.png", out.getvalue())


def test_broken_pdf_is_kept_with_a_note(sqlite_store: Store) -> None:
    todd = sqlite_store.add("person", name="Todd")
    kept = _attach(
        sqlite_store, todd, "broken.pdf", b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>"
    )
    assert "not searched" in kept.text_note


def test_same_name_again_is_a_version_and_same_bytes_again_are_nothing(store: Store) -> None:
    from peelian.store.records.attachments import attached

    todd = store.add("person", name="Todd")
    first = _attach(store, todd, "statement.txt", b"first words")
    again = _attach(store, todd, "statement.txt", b"first words")
    second = _attach(store, todd, "statement.txt", b"second words")
    assert again == first
    assert [(a.version, a.sha256) for a in attached(todd, ANN, WHY)] == [(2, second.sha256), (1, first.sha256)]


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a\\b.txt", "a\nb.txt", "x" * 201, "nul\0.txt"])
def test_bad_name_is_refused(sqlite_store: Store, name: str) -> None:
    todd = sqlite_store.add("person", name="Todd")
    with pytest.raises(RecordError):
        _attach(sqlite_store, todd, name, b"words")


def test_empty_file_and_unknown_record_are_refused(sqlite_store: Store) -> None:
    todd = sqlite_store.add("person", name="Todd")
    with pytest.raises(RecordError, match="empty"):
        _attach(sqlite_store, todd, "a.txt", b"")
    with pytest.raises(NotFoundError):
        _attach(sqlite_store, 4242, "a.txt", b"words")


def test_attachment_of_a_sealed_record_is_as_sealed(sqlite_store: Store) -> None:
    from peelian.jobs.attaching import attach
    from peelian.records.access import Actor, Role
    from peelian.store.records.attachments import open_attachment

    sealed = Marking(Sensitivity.SEALED, "", "DI Rees", frozenset({9}))
    vera = sqlite_store.add("person", name="Vera", marking=sealed)
    rees = Actor(9, "Rees", Role.SERGEANT, ())
    kept = attach(sqlite_store.home, vera, "a.txt", io.BytesIO(b"hidden lantern"), sqlite_store.by(rees), RecordTerms())
    with pytest.raises(NotAllowedError, match="Ask DI Rees"):
        open_attachment(sqlite_store.home, kept.id, BEN, WHY)
    assert sqlite_store.ids("lantern") == []


def test_changed_bytes_are_not_handed_out(sqlite_store: Store) -> None:
    from peelian.store.records.attachments import file_of, open_attachment

    todd = sqlite_store.add("person", name="Todd")
    kept = _attach(sqlite_store, todd, "a.txt", b"words")
    file_of(sqlite_store.home, kept.sha256).write_bytes(b"other words")
    with pytest.raises(StoreError, match="missing or changed"):
        open_attachment(sqlite_store.home, kept.id, ANN, WHY)


@contextmanager
def _clamd(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A scanner that speaks INSTREAM: it takes a file to its end and gives the answer."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            wire, _ = listening.accept()
            with wire, wire.makefile("rb") as reading:
                assert reading.read(10) == b"zINSTREAM\0"
                told = b""
                while size := struct.unpack(">I", reading.read(4))[0]:
                    told += reading.read(size)
                heard.append(told)
                wire.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}", heard
        thread.join(10)


def test_scanner_hears_the_whole_file_and_its_word_is_kept(sqlite_store: Store) -> None:
    todd = sqlite_store.add("person", name="Todd")
    content = b"words " * 50_000
    with _clamd(b"stream: OK\0") as (address, heard):
        kept = _attach(sqlite_store, todd, "a.txt", content, RecordTerms(clamd=address))
    assert heard == [content]
    assert kept.scanned_by == "clamd: OK"


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (b"stream: Eicar-Signature FOUND\0", SourceError, "Eicar-Signature"),
        (b"INSTREAM size limit exceeded. ERROR\0", StoreError, "size limit"),
        (b"", StoreError, "not that the file is clean"),
    ],
)
def test_file_that_the_scanner_does_not_call_clean_is_refused(
    sqlite_store: Store, answer: bytes, error: type[Exception], words: str
) -> None:
    todd = sqlite_store.add("person", name="Todd")
    with _clamd(answer) as (address, _), pytest.raises(error, match=words):
        _attach(sqlite_store, todd, "a.txt", b"words", RecordTerms(clamd=address))
    _nothing_left(sqlite_store)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "/no/such/clamd.sock", "nonsense"])
def test_scanner_that_does_not_answer_lets_nothing_pass(sqlite_store: Store, address: str) -> None:
    todd = sqlite_store.add("person", name="Todd")
    with pytest.raises(StoreError):
        _attach(sqlite_store, todd, "a.txt", b"words", RecordTerms(clamd=address))
    _nothing_left(sqlite_store)


def test_what_a_killed_upload_left_is_swept_after_a_day(sqlite_store: Store) -> None:
    import os
    import time

    from peelian.store.records.attachments import file_of, sweep

    todd = sqlite_store.add("person", name="Todd")
    kept = _attach(sqlite_store, todd, "a.txt", b"words")
    folder = sqlite_store.home / "attachments"
    stray = folder / "ab" / ("ab" + "0" * 62)
    stray.parent.mkdir(exist_ok=True)
    old = time.time() - 200_000
    for path in (folder / ".incoming-dead", stray, file_of(sqlite_store.home, kept.sha256)):
        if not path.exists():
            path.write_bytes(b"half")
        os.utime(path, (old, old))
    fresh = folder / ".incoming-alive"
    fresh.write_bytes(b"half")
    assert sweep(sqlite_store.home) == 2
    assert fresh.exists()
    assert file_of(sqlite_store.home, kept.sha256).exists()


def _nothing_left(store: Store) -> None:
    """No row, no file, no word."""
    from peelian.store.records.tables import Attachment

    assert Attachment.objects.count() == 0
    folder = store.home / "attachments"
    assert [p for p in folder.rglob("*") if p.is_file()] == [] if folder.exists() else True
    assert store.ids("words") == []


def test_name_with_a_path_of_another_system_never_reaches_the_disk(sqlite_store: Store, tmp_path: Path) -> None:
    todd = sqlite_store.add("person", name="Todd")
    kept = _attach(sqlite_store, todd, "C: report.txt", b"words")
    assert kept.name == "C: report.txt"
    assert not list(tmp_path.rglob("*report*"))
