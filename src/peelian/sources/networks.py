"""Street networks from files: GraphML as OSMnx writes it, or lines of any file that pyogrio reads; ``.gz`` too."""

import ast
import gzip
import io
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from peelian.errors import SourceError
from peelian.places.projections import Projection
from peelian.places.streets import StreetNetwork

_NAMES = ("name", "NAME", "street")


def read_network(file: Path, crs: str) -> StreetNetwork:
    """Return the file's streets in the metres of ``crs``.

    Raises
    ------
    SourceError
        When the file cannot be read, says no CRS, or holds no line.
    """
    try:
        content = file.read_bytes()
        content = gzip.decompress(content) if file.suffix == ".gz" else content
    except (OSError, EOFError, gzip.BadGzipFile) as error:
        raise SourceError(f"{file}: {error}. Give a street network as GraphML or GeoJSON (also .gz).") from error
    is_graphml = file.name.removesuffix(".gz").lower().endswith(".graphml")
    own_crs, lines, names = _graphml(file, content) if is_graphml else _lines(file, content)
    points, line = shapely.get_coordinates(lines, return_index=True)
    x, y = Projection(crs).from_crs(own_crs, points[:, 0].copy(), points[:, 1].copy())
    inside = np.isfinite(x) & np.isfinite(y)
    if not inside.all():
        bad = int(line[~inside][0])
        raise SourceError(
            f"{file}: line {bad} has a point that cannot be projected to {crs}; is it the force's ground?"
        )
    metres = shapely.transform(lines, lambda _: np.column_stack([x, y]))
    if not shapely.length(metres).sum() > 0:
        raise SourceError(f"{file}: holds no line; a street network is lines.")
    return StreetNetwork.of(crs, metres, names)


def _graphml(file: Path, content: bytes) -> tuple[str, NDArray[np.object_], list[str]]:
    """Return (CRS, lines, names) of a graph whose nodes have x and y, and whose edges may have a WKT geometry."""
    try:
        # Expat from 2.4.1 on ends the known bombs of nested entities by itself, and fetches nothing.
        root = ET.fromstring(content)  # noqa: S314 - see above
    except ET.ParseError as error:
        raise SourceError(f"{file}: {error}; this is no GraphML.") from error
    space = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
    keys = {key.get("id"): key.get("attr.name") for key in root.iter(f"{space}key")}

    def told(element: ET.Element) -> dict[str | None, str]:
        return {keys.get(d.get("key")): d.text or "" for d in element.findall(f"{space}data")}

    graph = root.find(f"{space}graph")
    if graph is None or not (own_crs := told(graph).get("crs")):
        raise SourceError(f"{file}: the graph says no crs; write it with OSMnx, or give lines as GeoJSON.")
    try:
        at = {n.get("id"): (float(told(n)["x"]), float(told(n)["y"])) for n in graph.iter(f"{space}node")}
        lines, names = [], []
        for edge in graph.iter(f"{space}edge"):
            data = told(edge)
            straight = shapely.LineString([at[edge.get("source")], at[edge.get("target")]])
            lines.append(shapely.from_wkt(data["geometry"]) if data.get("geometry") else straight)
            names.append(_name(data.get("name", "")))
    except (KeyError, ValueError, shapely.errors.ShapelyError) as error:
        raise SourceError(
            f"{file}: {type(error).__name__} {error}; nodes want x and y, edges source and target."
        ) from error
    return own_crs.upper(), np.array(lines, dtype=object), names


def _name(text: str) -> str:
    """Return a name; of several that OSMnx wrote as a list, all, in its order."""
    if text.startswith("["):
        try:
            return " / ".join(str(part) for part in ast.literal_eval(text))
        except (ValueError, SyntaxError):
            return text
    return text


def _lines(file: Path, content: bytes) -> tuple[str, NDArray[np.object_], list[str]]:
    """Return (CRS, lines, names) of a vector file; shapes that are no lines are left out."""
    import pyogrio

    try:
        meta, _, wkb, columns = pyogrio.raw.read(io.BytesIO(content))
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as error:
        raise SourceError(f"{file}: {error}. Give a street network as GraphML or GeoJSON (also .gz).") from error
    if not meta["crs"]:
        raise SourceError(f"{file}: says no CRS; give one, or GeoJSON, which is in degrees.")
    shapes = shapely.from_wkb(wkb)
    kinds = (shapely.GeometryType.LINESTRING, shapely.GeometryType.MULTILINESTRING)
    is_line = np.isin(shapely.get_type_id(shapes), kinds)
    fields = list(meta["fields"])
    column = next((columns[fields.index(n)] for n in _NAMES if n in fields), np.full(len(shapes), ""))
    names = [str(n) if n is not None else "" for n in column[is_line]]
    return str(meta["crs"]), shapes[is_line], names
