"""Layers of places: the files that the settings name, read into the force's metres for models that look at them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from peelian.errors import SourceError
from peelian.places.covariates import KINDS, PlaceLayers
from peelian.sources.place_layers import read_place_layer

_KEYS = ("file", "of")


@dataclass(frozen=True, slots=True)
class LayerFile:
    """One layer as the settings name it: ``of`` is its kind, ``sha256`` of the file's bytes as they were first met."""

    name: str
    of: str
    file: str
    sha256: str


def layer_files(home: Path, layers: Mapping[str, Mapping[str, str]]) -> tuple[LayerFile, ...]:
    """Return the layers that ``[layers]`` names, in order of name; files are looked for from the home folder.

    Raises
    ------
    SourceError
        When a layer is not written as a file and what it is of, or its file cannot be read.
    """
    found = []
    for name, written in sorted(layers.items()):
        if set(written) != set(_KEYS) or written["of"] not in KINDS:
            raise SourceError(
                f'[layers] {name} = {dict(written)}: write file = "..." and of = one of {", ".join(KINDS)}.'
            )
        path = home / written["file"]
        try:
            content = path.read_bytes()
        except OSError as error:
            raise SourceError(f"[layers] {name}: {path} cannot be read ({error.strerror}).") from error
        found.append(LayerFile(name, written["of"], str(path), hashlib.sha256(content).hexdigest()))
    return tuple(found)


def read_layers(files: Sequence[LayerFile], crs: str) -> PlaceLayers | None:
    """Return the layers' shapes in metres of ``crs``; None where there is no layer.

    Raises
    ------
    SourceError
        When a file is no layer of its kind.
    """
    if not files:
        return None
    shapes = tuple(read_place_layer(Path(f.file), f.of, crs) for f in files)
    return PlaceLayers(tuple(f.name for f in files), tuple(f.of for f in files), shapes)
