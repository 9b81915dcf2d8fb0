// The drawing, from below: ground, streets, version 1, streets again, outline, boxes, crimes, words. Colours and widths
// are those of the page's own picture (delivery/templates/style.css).
import type { Feature, FeatureCollection, LineString, Point, Polygon, Position } from "geojson";
import type { FilterSpecification, LayerSpecification, SourceSpecification, SymbolLayerSpecification } from "maplibre-gl";

import { type Places, feature } from "../api/places";
import type { Layer } from "./state";

const INK = "#1b2426";
const INK_2 = "#465154";
const ACCENT = "#0b5763";
export const GROUND = "#f7f6f2";
const AGES = { new: "#0a4049", middle: "#24737e", old: "#62a0a6" };

/** Faces of our own fonts under names that a canvas takes without quotes (static/styles/20-maps.css). */
const FACE = { plain: ["PeelianMap"], italic: ["PeelianMapItalic"], bold: ["PeelianMapBold"] };

/** Which drawings a switch of the page shows and hides. */
export const OF_LAYER: Record<Layer, readonly string[]> = {
  shading: ["shading", "streets-again"],
  boxes: ["walks", "walk-names", "nearly", "firm", "firm-edge", "unsure", "unsure-edge", "numbers", "pointed", "added", "added-edge", "letters", "struck-edge", "struck"],
  counts: ["counts"],
  crimes: ["crimes", "crimes-older", "told"],
};

const square = (ring: Position[]): Polygon => ({ type: "Polygon", coordinates: [ring] });

const middle = (ring: Position[]): Position => {
  const corners = ring.slice(0, 4);
  const mean = (axis: 0 | 1) => corners.reduce((sum, corner) => sum + (corner[axis] ?? 0), 0) / corners.length;
  return [mean(0), mean(1)];
};

const point = <P>(at: Position, properties: P): Feature<Point, P> => ({
  type: "Feature",
  properties,
  geometry: { type: "Point", coordinates: at },
});

function collection<G extends Point | Polygon | LineString>(features: Feature<G, object>[]): SourceSpecification {
  return { type: "geojson", data: { type: "FeatureCollection", features } as FeatureCollection };
}

export function sources(places: Places, box: number | null): Record<string, SourceSpecification> {
  const drawn = places.boxes.filter((b) => box === null || b.rank === box);
  const told = box === null ? [] : (drawn[0]?.told ?? []);
  return {
    outline: { type: "geojson", data: feature(places.outline) },
    streets: { type: "geojson", data: places.streets },
    behind: {
      type: "geojson",
      data: { type: "FeatureCollection", features: places.streets.features.filter((s) => box !== null && drawn[0]?.streets.includes(s.properties.name)) },
    },
    carrying: { type: "geojson", data: { type: "FeatureCollection", features: box !== null && drawn[0] ? [feature(drawn[0].carrying)] : [] } },
    shading: { type: "geojson", data: places.shading },
    boxes: collection(
      drawn.map((b) => ({
        type: "Feature",
        properties: { rank: b.rank, kind: box === null ? b.kind : "looked" },
        geometry: square(b.ring),
      })),
    ),
    walks: {
      type: "geojson",
      data: { type: "FeatureCollection", features: box === null ? places.walks.map((w) => feature(w.shape)) : [] },
    },
    "walk-names": collection(
      box === null ? places.walks.map((w) => point(w.at, { words: `walk ${w.name}`, side: w.side })) : [],
    ),
    numbers: collection(
      (box === null ? drawn : [])
        .filter((b) => b.kind !== "nearly")
        .map((b) => point(middle(b.ring), { rank: b.rank, kind: b.kind, words: String(b.rank) })),
    ),
    edits: collection(
      box === null ? places.edits.filter((e) => e.kind === "add").map((e) => ({ type: "Feature", properties: {}, geometry: square(e.ring) })) : [],
    ),
    letters: collection(box === null ? places.edits.filter((e) => e.kind === "add").map((e) => point(middle(e.ring), { words: e.letter })) : []),
    struck: collection(box === null ? places.edits.filter((e) => e.kind === "suppress").flatMap((e) => strokes(e.ring)) : []),
    counts: collection(
      places.baseline.map((b) => ({ type: "Feature", properties: {}, geometry: square(b.ring) })),
    ),
    crimes: collection(
      places.events.map(([longitude, latitude, age]) => point([longitude, latitude], { age: age / places.recent_days })),
    ),
    told: collection(told.map((t) => point(t.at, { words: t.words }))),
  };
}

/** A suppressed box is struck through from corner to corner. */
function strokes(ring: Position[]): Feature<LineString, object>[] {
  const [a, b, c, d] = ring;
  if (!a || !b || !c || !d) return [];
  return [[a, c], [b, d]].map((coordinates) => ({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates } }));
}

const isKind = (kind: string): FilterSpecification => ["==", ["get", "kind"], kind];

function streets(id: string, main: boolean, isNear: boolean, opacity: number): LayerSpecification {
  const [from, to] = main ? [2.4, 7] : [0.8, 4];
  return {
    id,
    type: "line",
    source: "streets",
    filter: ["==", ["get", "main"], main],
    layout: { "line-cap": "round", "line-join": "round" },
    paint: {
      "line-color": main ? (isNear ? "#d7d2c6" : "#cbc6ba") : isNear ? "#e3e0d8" : "#dddad2",
      "line-width": ["interpolate", ["linear"], ["zoom"], 12.5, from, 16, to],
      "line-opacity": opacity,
    },
  };
}

/** Streets that speak for the one box that a page is about. */
function along(source: string, colour: string): LayerSpecification {
  return {
    id: source,
    type: "line",
    source,
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": colour, "line-width": 5 },
  };
}

function words(id: string, source: string, layout: SymbolLayerSpecification["layout"], colour: string): LayerSpecification {
  return {
    id,
    type: "symbol",
    source,
    layout: { "text-size": 12, "text-font": FACE.plain, ...layout },
    paint: { "text-color": colour, "text-halo-color": "#ffffff", "text-halo-width": 1.75 },
  };
}

/** ``box`` is the number of the one box that a page is about, drawn open so that streets and crimes stay visible. */
export function layers(box: number | null, hasBasemap: boolean): LayerSpecification[] {
  const isNear = box !== null;
  return [
    {
      id: "inside",
      type: "fill",
      source: "outline",
      paint: { "fill-color": "#ffffff", "fill-opacity": isNear ? 0.35 : hasBasemap ? 0.6 : 1 },
    },
    streets("streets-minor", false, isNear, 1),
    streets("streets-main", true, isNear, 1),
    {
      id: "shading",
      type: "fill",
      source: "shading",
      paint: {
        "fill-color": ["match", ["get", "step"], 3, "#a3c9cc", 2, "#cfe2e3", "#e9f1f1"],
        "fill-antialias": false,
        "fill-opacity": hasBasemap ? 0.85 : 1,
      },
    },
    { ...streets("streets-again", true, isNear, 0.4), filter: ["has", "name"] } as LayerSpecification,
    along("behind", "#a3c9cc"),
    along("carrying", AGES.middle),
    {
      id: "outline",
      type: "line",
      source: "outline",
      layout: { "line-join": "round" },
      paint: { "line-color": INK_2, "line-width": 1.6 },
    },
    {
      id: "walks",
      type: "line",
      source: "walks",
      layout: { "line-join": "round" },
      paint: { "line-color": ACCENT, "line-width": 1.4 },
    },
    {
      id: "nearly",
      type: "line",
      source: "boxes",
      filter: isKind("nearly"),
      paint: { "line-color": ACCENT, "line-width": 1.4, "line-dasharray": [2.5, 1.8], "line-offset": 0.7 },
    },
    {
      id: "unsure",
      type: "fill",
      source: "boxes",
      filter: isKind("unsure"),
      paint: { "fill-color": "#ffffff" },
    },
    {
      id: "unsure-edge",
      type: "line",
      source: "boxes",
      filter: isKind("unsure"),
      paint: { "line-color": ACCENT, "line-width": 2, "line-offset": 1 },
    },
    {
      id: "firm",
      type: "fill",
      source: "boxes",
      filter: isKind("firm"),
      paint: { "fill-color": ACCENT },
    },
    {
      id: "firm-edge",
      type: "line",
      source: "boxes",
      filter: isKind("firm"),
      paint: { "line-color": "#ffffff", "line-width": 1.4 },
    },
    { id: "added", type: "fill", source: "edits", paint: { "fill-color": "#ffffff" } },
    { id: "added-edge", type: "line", source: "edits", paint: { "line-color": INK, "line-width": 2.4, "line-offset": 1.2 } },
    { id: "struck-edge", type: "line", source: "struck", paint: { "line-color": "#ffffff", "line-width": 5 } },
    { id: "struck", type: "line", source: "struck", paint: { "line-color": INK, "line-width": 2.2 } },
    { id: "looked-fill", type: "fill", source: "boxes", filter: isKind("looked"), paint: { "fill-color": ACCENT, "fill-opacity": 0.05 } },
    { id: "looked", type: "line", source: "boxes", filter: isKind("looked"), paint: { "line-color": ACCENT, "line-width": 3 } },
    {
      id: "counts",
      type: "line",
      source: "counts",
      paint: { "line-color": "#2f3a3d", "line-width": 1.6, "line-dasharray": [2, 1.4], "line-offset": 4 },
    },
    {
      id: "pointed",
      type: "line",
      source: "boxes",
      filter: ["==", ["get", "rank"], -1],
      paint: { "line-color": INK, "line-width": 3, "line-offset": -2.5 },
    },
    {
      id: "crimes-older",
      type: "circle",
      source: "crimes",
      filter: isNear ? [">=", ["get", "age"], 1] : ["==", ["get", "age"], -1],
      paint: { "circle-radius": 3, "circle-color": "#faf9f5", "circle-stroke-color": "#626c6f", "circle-stroke-width": 1.1 },
    },
    {
      id: "crimes",
      type: "circle",
      source: "crimes",
      filter: ["<", ["get", "age"], 1],
      layout: { "circle-sort-key": ["-", ["get", "age"]] },
      paint: {
        "circle-color": ["step", ["get", "age"], AGES.new, 1 / 3, AGES.middle, 2 / 3, AGES.old],
        "circle-radius": ["step", ["get", "age"], isNear ? 7.5 : 5, 1 / 3, isNear ? 6.5 : 4.2, 2 / 3, isNear ? 5 : 3.5],
        "circle-stroke-color": "#ffffff",
        "circle-stroke-width": 1.5,
      },
    },
    words(
      "street-names",
      "streets",
      {
        "symbol-placement": "line",
        "text-field": ["get", "name"],
        "text-font": FACE.italic,
        "text-max-angle": 30,
        "symbol-spacing": isNear ? 420 : 900,
        "text-padding": isNear ? 2 : 6,
      },
      INK_2,
    ),
    words(
      "walk-names",
      "walk-names",
      {
        "text-field": ["get", "words"],
        "text-font": FACE.bold,
        // Away from its boxes, on the side where most room is; a little up or down where another word stands there.
        "text-variable-anchor-offset": [
          "match",
          ["get", "side"],
          "east",
          ["literal", ["left", [0.65, 0], "top-left", [0.5, 0.3], "bottom-left", [0.5, -0.3]]],
          "west",
          ["literal", ["right", [-0.65, 0], "top-right", [-0.5, 0.3], "bottom-right", [-0.5, -0.3]]],
          "north",
          ["literal", ["bottom", [0, -0.5], "bottom-left", [0.3, -0.5], "bottom-right", [-0.3, -0.5]]],
          ["literal", ["top", [0, 0.5], "top-left", [0.3, 0.5], "top-right", [-0.3, 0.5]]],
        ],
      },
      ACCENT,
    ),
    {
      id: "numbers",
      type: "symbol",
      source: "numbers",
      layout: {
        "text-field": ["get", "words"],
        "text-font": FACE.bold,
        "text-size": 14,
        "text-allow-overlap": true,
        // The number keeps other words off its whole box.
        "text-padding": 8,
      },
      paint: { "text-color": ["match", ["get", "kind"], "unsure", ACCENT, "#ffffff"] },
    },
    {
      id: "letters",
      type: "symbol",
      source: "letters",
      layout: { "text-field": ["get", "words"], "text-font": FACE.bold, "text-size": 14, "text-allow-overlap": true, "text-padding": 8 },
      paint: { "text-color": INK },
    },
    words(
      "told",
      "told",
      {
        "text-field": ["get", "words"],
        "text-font": FACE.bold,
        "text-size": 13,
        "text-variable-anchor": ["left", "right", "top", "bottom"],
        "text-radial-offset": 0.9,
        "text-justify": "auto",
      },
      INK,
    ),
  ];
}
