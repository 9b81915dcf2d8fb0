// Distances and directions on the ground, from WGS84 alone; all of it stays on the phone.

import type { Box, Here, Point } from "./types";

const EARTH_M = 6_371_008.8;
const WALK_M_A_MINUTE = 80;
const WINDS = ["north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"] as const;

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Great-circle distance in metres (haversine). */
export function distance(from: Point, to: Point): number {
  const [lat1, lat2] = [radians(from[1]), radians(to[1])];
  const [dLat, dLon] = [lat2 - lat1, radians(to[0] - from[0])];
  const a = Math.sin(dLat / 2) ** 2 + Math.cos(lat1) * Math.cos(lat2) * Math.sin(dLon / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(a)));
}

/** The wind towards which one sets out, of eight. */
export function direction(from: Point, to: Point): string {
  const [lat1, lat2] = [radians(from[1]), radians(to[1])];
  const dLon = radians(to[0] - from[0]);
  const y = Math.sin(dLon) * Math.cos(lat2);
  const x = Math.cos(lat1) * Math.sin(lat2) - Math.sin(lat1) * Math.cos(lat2) * Math.cos(dLon);
  const eighth = Math.round((Math.atan2(y, x) / (2 * Math.PI)) * 8);
  return WINDS[(eighth + 8) % 8] ?? "north";
}

/** "220 m north, 3 min" on foot; "1.4 km south-west, 18 min". */
export function away(from: Point, to: Point): string {
  const metres = distance(from, to);
  const far = metres < 995 ? `${Math.round(metres / 10) * 10} m` : `${(metres / 1000).toFixed(1)} km`;
  return `${far} ${direction(from, to)}, ${Math.max(1, Math.round(metres / WALK_M_A_MINUTE))} min`;
}

/** The middle of a closed ring of four corners. */
export function centre(ring: Point[]): Point {
  const corners = ring.slice(0, 4);
  const sum = corners.reduce<Point>((s, p) => [s[0] + p[0], s[1] + p[1]], [0, 0]);
  return [sum[0] / corners.length, sum[1] / corners.length];
}

/** Metres east and north of a box's centre, along its own edges: exact there, within metres across an area. */
export type Local = (at: Point) => Point;

export function localFrame(ring: Point[], size_m: number): Local {
  const [sw, se, , nw] = ring as [Point, Point, Point, Point];
  const middle = centre(ring);
  const [ux, uy] = [(se[0] - sw[0]) / size_m, (se[1] - sw[1]) / size_m];
  const [vx, vy] = [(nw[0] - sw[0]) / size_m, (nw[1] - sw[1]) / size_m];
  const turn = ux * vy - uy * vx;
  return ([lon, lat]) => {
    const [dx, dy] = [lon - middle[0], lat - middle[1]];
    return [(dx * vy - dy * vx) / turn, (dy * ux - dx * uy) / turn];
  };
}

/** Where somebody stands: inside the box, perhaps (the fix is no better than the distance to its edge), or outside. */
export function inside(box: Box, here: Here): "inside" | "perhaps" | "outside" {
  const half = box.square[2] / 2;
  const [x, y] = localFrame(box.ring, box.square[2])(here.at);
  const over = Math.max(Math.abs(x), Math.abs(y)) - half;
  if (over <= -here.within_m || (over <= 0 && here.within_m <= 25)) return "inside";
  return over <= here.within_m ? "perhaps" : "outside";
}

/** Boxes by distance, nearest first; without a position in the order of the list. Equal distances keep that order. */
export function byDistance(boxes: readonly Box[], here: Here | null): Box[] {
  if (here === null) return [...boxes];
  const far = new Map(boxes.map((b) => [b.key, distance(here.at, centre(b.ring))]));
  return [...boxes].sort((a, b) => (far.get(a.key) ?? 0) - (far.get(b.key) ?? 0));
}
