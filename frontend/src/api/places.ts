// What the moving map draws, as the site answers it (site/maps/views.py, places).
import type { Feature, FeatureCollection, LineString, MultiLineString, MultiPolygon, Polygon, Position } from "geojson";

export type BoxKind = "firm" | "unsure" | "nearly";

export interface Told {
  at: Position;
  words: string;
}

export interface Box {
  rank: number;
  kind: BoxKind;
  place: string;
  ring: Position[];
  told: Told[];
  /** Names of the streets on which the crimes behind it were recorded. */
  streets: string[];
  /** The stretches that carry most of it, where a street network is given. */
  carrying: MultiLineString;
}

/** A box that an analyst added, or one of the forecast's that was suppressed. */
export interface Edit {
  kind: "add" | "suppress";
  letter: string;
  place: string;
  ring: Position[];
}

/** Boxes near enough to walk between, with the outline around them. */
export interface Walk {
  name: string;
  boxes: number[];
  shape: MultiPolygon;
  /** Where its name stands, and on which side of the outline that is. */
  at: Position;
  side: "east" | "north" | "west" | "south";
}

export interface Places {
  bounds: [number, number, number, number];
  outline: Polygon | MultiPolygon;
  streets: FeatureCollection<LineString, { name: string; main: boolean }>;
  shading: FeatureCollection<Polygon | MultiPolygon, { step: number }>;
  boxes: Box[];
  walks: Walk[];
  edits: Edit[];
  baseline: { rank: number; ring: Position[] }[];
  /** Longitude, latitude and age in days of each crime. */
  events: [number, number, number][];
  recent_days: number;
}

export async function places(address: string): Promise<Places> {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
  return (await answer.json()) as Places;
}

export function feature<G extends Polygon | MultiPolygon | MultiLineString>(geometry: G): Feature<G> {
  return { type: "Feature", properties: {}, geometry };
}
