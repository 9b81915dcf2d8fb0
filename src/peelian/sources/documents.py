"""Documents: what kind of file the bytes are (whatever the name says), and the words in it. Safe against bombs.

``python -m peelian.sources.documents PATH KIND`` prints the words: a process of its own, with little memory and little
time, reads what a stranger sent, so that a file that breaks its reader breaks nothing else.
"""

import io
import re
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from peelian.errors import SourceError

MEBIBYTE = 1 << 20
#: An honest office file holds few parts and packs its text tenfold; a bomb holds a million or packs it a thousandfold.
MOST_PARTS, MOST_UNPACKED, MOST_PACKED_FOLD = 2_000, 64 * MEBIBYTE, 200
MOST_PAGES, MOST_WORDS_LENGTH = 2_000, 4 * MEBIBYTE
_MEMORY, _SECONDS = 1 << 30, 30


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file that may be attached: its media type, the endings its name may have, and what the bytes show."""

    media_type: str
    endings: tuple[str, ...]
    is_image: bool = False


KINDS = {
    "jpeg": Kind("image/jpeg", (".jpg", ".jpeg"), is_image=True),
    "png": Kind("image/png", (".png",), is_image=True),
    "webp": Kind("image/webp", (".webp",), is_image=True),
    "pdf": Kind("application/pdf", (".pdf",)),
    "docx": Kind("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (".docx",)),
    "xlsx": Kind("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (".xlsx",)),
    "pptx": Kind("application/vnd.openxmlformats-officedocument.presentationml.presentation", (".pptx",)),
    "odt": Kind("application/vnd.oasis.opendocument.text", (".odt",)),
    "text": Kind("text/plain", (".txt", ".csv", ".md", ".log")),
}
_OFFICE = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx", "ppt/presentation.xml": "pptx"}
_ODT = b"application/vnd.oasis.opendocument.text"
#: The parts of each office format in which people write.
_PARTS = {
    "docx": re.compile(r"word/(document|header\d*|footer\d*|footnotes|comments)\.xml"),
    "xlsx": re.compile(r"xl/(sharedStrings|worksheets/sheet\d+|comments\d*)\.xml"),
    "pptx": re.compile(r"ppt/(slides/slide\d+|notesSlides/notesSlide\d+)\.xml"),
    "odt": re.compile(r"content\.xml"),
}
#: Elements after which a word ends.
_BREAKS = frozenset({"p", "h", "br", "tab", "s", "line-break", "si", "c", "t", "table-cell"})


def kind_of(path: Path, name: str) -> str:
    """Return which of ``KINDS`` a file is, by its bytes.

    Raises
    ------
    SourceError
        When it is none of them, or its name says another.
    """
    kind = _by_bytes(path)
    ending = Path(name.lower()).suffix
    if kind is None:
        raise SourceError(
            f"{name!r} is no file that can be attached; known are {', '.join(KINDS)}. Save it as PDF, or photograph it."
        )
    if ending not in KINDS[kind].endings:
        raise SourceError(
            f"{name!r} says {ending or 'no ending'} and is {kind} inside; give it its own ending "
            f"({' or '.join(KINDS[kind].endings)}), or ask whoever sent it."
        )
    return kind


def _by_bytes(path: Path) -> str | None:
    with path.open("rb") as file:
        start = file.read(4096)
    if start.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "webp"
    if start.startswith(b"%PDF-"):
        return "pdf"
    if start.startswith(b"PK\x03\x04"):
        return _office(path)
    return "text" if _is_text(path) else None


def _office(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(names) > MOST_PARTS:
                return None
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 100:  # noqa: PLR2004 - a media type
                return "odt" if archive.read("mimetype").strip() == _ODT else None
            return next((kind for part, kind in _OFFICE.items() if part in names), None)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, KeyError, ValueError):
        return None


def _is_text(path: Path) -> bool:
    """Tell whether a whole file is UTF-8 text without control characters."""
    try:
        with path.open("r", encoding="utf-8", newline="") as file:
            while part := file.read(MEBIBYTE):
                if re.search(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]", part):
                    return False
    except UnicodeDecodeError:
        return False
    return True


def words_in(path: Path, kind: str) -> str:
    """Return the words of a document, at most about four million characters.

    Raises
    ------
    SourceError
        When the document is damaged, locked by a password, or a bomb.
    """
    if KINDS[kind].is_image:
        return ""
    if kind == "text":
        with path.open("r", encoding="utf-8", errors="replace") as file:
            return file.read(MOST_WORDS_LENGTH)
    parts = _pdf(path) if kind == "pdf" else _office_parts(path, kind)
    told, length = [], 0
    for part in parts:
        told.append(part)
        length += len(part)
        if length > MOST_WORDS_LENGTH:
            break
    return "\n".join(told)[:MOST_WORDS_LENGTH]


def _pdf(path: Path) -> Iterator[str]:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise SourceError("the PDF is locked by a password; its words are not searched.")
        for page in reader.pages[:MOST_PAGES]:
            yield page.extract_text()
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError) as error:
        raise SourceError(f"the PDF is damaged ({type(error).__name__}); its words are not searched.") from error


def _office_parts(path: Path, kind: str) -> Iterator[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = [i for i in archive.infolist() if _PARTS[kind].fullmatch(i.filename)]
            left = MOST_UNPACKED
            for info in sorted(parts, key=lambda i: (len(i.filename), i.filename)):
                with archive.open(info) as file:
                    content = file.read(left + 1)
                if len(content) > left or len(content) > max(MOST_PACKED_FOLD * info.compress_size, MEBIBYTE):
                    raise SourceError("the file unpacks to far more than it can hold (a zip bomb); it is not read.")
                left -= len(content)
                yield _xml_words(content)
    except (
        zipfile.BadZipFile,
        OSError,
        RuntimeError,
        NotImplementedError,
        ET.ParseError,
        ValueError,
    ) as error:
        raise SourceError(f"the file is damaged ({type(error).__name__}); its words are not searched.") from error


def _xml_words(content: bytes) -> str:
    # Office programs write UTF-8; in two bytes a letter a declaration would be hidden from this look.
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or b"\0" in content:
        raise SourceError("the file declares entities of its own, as no office program does; it is not read.")
    told: list[str] = []
    for _, element in ET.iterparse(io.BytesIO(content)):  # noqa: S314 - no entity can be declared: see above
        if element.text:
            told.append(element.text)
        if element.tag.rsplit("}", 1)[-1] in _BREAKS:
            told.append(" ")
        if element.tail and element.tail.strip():
            told.append(element.tail)
        element.clear()
    return re.sub(r"\s+", " ", "".join(told))


def _main(path: str, kind: str) -> int:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    try:
        words = words_in(Path(path), kind)
    except SourceError as error:
        sys.stderr.write(str(error))
        return 1
    except (MemoryError, RecursionError):
        sys.stderr.write("the document takes more memory than any honest one; its words are not searched.")
        return 1
    sys.stdout.buffer.write(words.encode("utf-8", "replace"))
    return 0


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:3]))
