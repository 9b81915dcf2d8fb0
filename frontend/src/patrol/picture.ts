// The map around one box, drawn from the night's own places: no tiles, no gesture, the same without signal.

import { type Local, centre, localFrame } from "./distance";
import type { Box, Here, Point, Street } from "./types";

/** Metres across at the least, and at the most when the phone is further off: beyond that, words say where. */
const ACROSS_M = 1250;
const MOST_ACROSS_M = 6000;
const SVG = "http://www.w3.org/2000/svg";
const LETTER_PX = 6.4;
const LABEL_PX = 12;

export interface Picture {
  focus: Box;
  others: readonly Box[];
  /** The box that comes after the one somebody stands in. */
  after: Box | null;
  streets: readonly Street[];
  outline: readonly Point[][];
  here: Here | null;
}

interface View {
  local: Local;
  width: number;
  height: number;
  scale: number;
  middle: Point;
}

/** Draw into an SVG of so many pixels. */
export function draw(svg: SVGSVGElement, picture: Picture, width: number, height: number): void {
  const view = viewOf(picture, width, height);
  const room: Rectangle[] = [];
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const below = [
    el("rect", { class: "ground", width: String(width), height: String(height) }),
    el("path", { class: "streets", d: paths(picture.streets.filter((s) => !s.main), view) }),
    el("path", { class: "streets main", d: paths(picture.streets.filter((s) => s.main), view) }),
    el("path", { class: "outline", d: picture.outline.map((ring) => line(ring, view)).join("") }),
  ];
  // What comes first has the first claim to room.
  svg.replaceChildren(...below, ...boxes(picture, view, room), ...scaleBar(view, room), ...you(picture, view, room), ...names(picture.streets, view, room));
}

function viewOf(picture: Picture, width: number, height: number): View {
  const local = localFrame(picture.focus.ring, picture.focus.square[2]);
  const plain = Math.max(ACROSS_M, picture.focus.square[2] * 3.2);
  const view = { local, width, height, scale: width / plain, middle: [0, 0] as Point };
  if (picture.here === null) return view;
  const [x, y] = local(picture.here.at);
  const across = Math.max(Math.abs(x), (Math.abs(y) * width) / height) * 1.35 + picture.focus.square[2] * 1.5;
  if (across > MOST_ACROSS_M || across <= plain * 0.9) return view;
  return { ...view, scale: width / Math.max(plain, across), middle: [x / 2, y / 2] };
}

function placed(at: Point, view: View): Point {
  const [x, y] = view.local(at);
  return [view.width / 2 + (x - view.middle[0]) * view.scale, view.height / 2 - (y - view.middle[1]) * view.scale];
}

function line(points: readonly Point[], view: View): string {
  return points
    .map((p, i) => {
      const [x, y] = placed(p, view);
      return `${i === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join("");
}

function paths(streets: readonly Street[], view: View): string {
  return streets.filter((s) => touches(s.at, view)).map((s) => line(s.at, view)).join("");
}

function touches(points: readonly Point[], view: View): boolean {
  const [xs, ys] = [points.map((p) => placed(p, view)[0]), points.map((p) => placed(p, view)[1])];
  return Math.max(...xs) > 0 && Math.min(...xs) < view.width && Math.max(...ys) > 0 && Math.min(...ys) < view.height;
}

// --- boxes -----------------------------------------------------------------------------------------------------------

function boxes(picture: Picture, view: View, room: Rectangle[]): SVGElement[] {
  const drawn: SVGElement[] = [];
  for (const box of picture.others) {
    if (!touches(box.ring, view)) continue;
    const [x, y] = corner(box, view);
    drawn.push(el("path", { class: "other", d: `${line(box.ring, view)}Z` }));
    drawn.push(el("text", { class: "number", x: String(x + 13), y: String(y + 20) }, box.rank));
    room.push(extent(box, view));
  }
  const [x, y] = corner(picture.focus, view);
  const tab = picture.focus.rank.length > 1 ? 34 : 28;
  drawn.push(el("path", { class: "focus", d: `${line(picture.focus.ring, view)}Z` }));
  drawn.push(el("rect", { class: "tab", x: String(x), y: String(y), width: String(tab), height: "26" }));
  drawn.push(el("text", { class: "number in-tab", x: String(x + tab / 2), y: String(y + 19) }, picture.focus.rank));
  room.push(extent(picture.focus, view));
  return drawn;
}

function corner(box: Box, view: View): Point {
  const [x, y] = extent(box, view);
  return [x, y];
}

function extent(box: Box, view: View): Rectangle {
  const points = box.ring.map((p) => placed(p, view));
  const [xs, ys] = [points.map((p) => p[0]), points.map((p) => p[1])];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

// --- the phone itself ------------------------------------------------------------------------------------------------

function you(picture: Picture, view: View, room: Rectangle[]): SVGElement[] {
  if (picture.here === null) return [];
  const [x, y] = placed(picture.here.at, view);
  if (x < 0 || y < 0 || x > view.width || y > view.height) return [];
  const drawn: SVGElement[] = [];
  if (picture.after !== null) {
    const [toX, toY] = placed(centre(picture.after.ring), view);
    drawn.push(el("path", { class: "way", d: `M${x} ${y}L${toX} ${toY}` }));
  }
  const reach = Math.max(10, picture.here.within_m * view.scale);
  drawn.push(el("circle", { class: "reach", cx: String(x), cy: String(y), r: String(Math.min(reach, view.width)) }));
  drawn.push(el("circle", { class: "you", cx: String(x), cy: String(y), r: "7.5" }));
  const words = `you, within ${Math.round(picture.here.within_m)} m`;
  const label = beside([x, y], words.length * 6.8, picture, view);
  drawn.push(el("text", { class: `you-words ${label.anchor}`, x: String(label.x), y: String(label.y + 5) }, words));
  room.push([x - 10, y - 10, x + 10, y + 10], label.taken);
  return drawn;
}

/** Where the words beside the phone's dot lie: to the right if they can, off every box's number and off the way. */
function beside([x, y]: Point, wide: number, picture: Picture, view: View): { x: number; y: number; anchor: string; taken: Rectangle } {
  const numbers = [picture.focus, ...picture.others].map((b) => {
    const [left, top] = corner(b, view);
    return [left, top, left + 34, top + 28] as Rectangle;
  });
  const ahead = picture.after === null ? null : placed(centre(picture.after.ring), view);
  const spots = [
    { x: x + 16, y, anchor: "after", taken: [x + 12, y - 10, x + 16 + wide, y + 10] as Rectangle, side: 1 },
    { x: x - 16, y, anchor: "before", taken: [x - 16 - wide, y - 10, x - 12, y + 10] as Rectangle, side: -1 },
    { x, y: y + 26, anchor: "middle", taken: [x - wide / 2, y + 14, x + wide / 2, y + 36] as Rectangle, side: 0 },
    { x, y: y - 26, anchor: "middle", taken: [x - wide / 2, y - 38, x + wide / 2, y - 14] as Rectangle, side: 0 },
  ];
  const isFree = (s: (typeof spots)[number]): boolean =>
    s.taken[0] >= 0 && s.taken[2] <= view.width && s.taken[1] >= 0 && s.taken[3] <= view.height &&
    !numbers.some((n) => overlaps(n, s.taken)) &&
    (ahead === null || s.side === 0 || Math.abs(ahead[1] - y) > Math.abs(ahead[0] - x) || Math.sign(ahead[0] - x) !== s.side);
  return spots.find(isFree) ?? spots[0]!;
}

// --- names of streets ------------------------------------------------------------------------------------------------

type Rectangle = [number, number, number, number];

/** Each street's name once, along its longest straight run in view; a name without room is left out. */
function names(streets: readonly Street[], view: View, room: Rectangle[]): SVGElement[] {
  const runs = new Map<string, Run>();
  for (const street of streets) {
    if (!touches(street.at, view)) continue;
    for (const run of straight(street, view)) {
      const best = runs.get(street.name);
      if (best === undefined || run.length > best.length) runs.set(street.name, run);
    }
  }
  const drawn: SVGElement[] = [];
  const ordered = [...runs].sort((a, b) => Number(b[1].main) - Number(a[1].main) || b[1].length - a[1].length);
  for (const [name, run] of ordered) {
    const wide = name.length * LETTER_PX + 8;
    if (drawn.length >= 8 || wide > run.length) continue;
    const label = spot(run, wide, view, room);
    if (label === null) continue;
    drawn.push(el("text", { class: "street", transform: `translate(${label.x} ${label.y}) rotate(${label.turn})` }, name));
  }
  return drawn;
}

interface Run {
  from: Point;
  to: Point;
  length: number;
  main: boolean;
}

/** The pieces of a street in view, straight to within a few pixels. */
function straight(street: Street, view: View): Run[] {
  const points = street.at.map((p) => placed(p, view));
  const runs: Run[] = [];
  let first = 0;
  for (let last = 1; last < points.length; last++) {
    const bends = points.slice(first + 1, last).some((p) => offLine(p, points[first]!, points[last]!) > 3);
    if (bends) first = last - 1;
    const run = cut(points[first]!, points[last]!, view);
    if (run !== null) runs.push({ ...run, main: street.main });
  }
  return runs;
}

function offLine(p: Point, a: Point, b: Point): number {
  const long = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
  return Math.abs((b[0] - a[0]) * (a[1] - p[1]) - (a[0] - p[0]) * (b[1] - a[1])) / long;
}

/** The part of a line inside the picture (Liang and Barsky), or null. */
function cut(a: Point, b: Point, view: View): { from: Point; to: Point; length: number } | null {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  let [enters, leaves] = [0, 1];
  const sides: Point[] = [[-dx, a[0] - 4], [dx, view.width - 4 - a[0]], [-dy, a[1] - 4], [dy, view.height - 4 - a[1]]];
  for (const [p, q] of sides) {
    if (p === 0 && q < 0) return null;
    if (p < 0) enters = Math.max(enters, q / p);
    if (p > 0) leaves = Math.min(leaves, q / p);
  }
  if (enters >= leaves) return null;
  const from: Point = [a[0] + enters * dx, a[1] + enters * dy];
  const to: Point = [a[0] + leaves * dx, a[1] + leaves * dy];
  return { from, to, length: Math.hypot(to[0] - from[0], to[1] - from[1]) };
}

/** A place for a name of that width along a run, its ground taken; null where there is none. */
function spot(run: Run, wide: number, view: View, room: Rectangle[]): { x: number; y: number; turn: number } | null {
  const slope = Math.atan2(run.to[1] - run.from[1], run.to[0] - run.from[0]);
  const upright = Math.cos(slope) < 0 ? slope + Math.PI : slope;
  const slack = (run.length - wide) / 2 / run.length;
  for (const share of [0.5, 0.5 - slack, 0.5 + slack, 0.5 - slack / 2, 0.5 + slack / 2]) {
    const x = run.from[0] + share * (run.to[0] - run.from[0]);
    const y = run.from[1] + share * (run.to[1] - run.from[1]);
    const halfX = (Math.abs(Math.cos(upright)) * wide + Math.abs(Math.sin(upright)) * LABEL_PX) / 2;
    const halfY = (Math.abs(Math.sin(upright)) * wide + Math.abs(Math.cos(upright)) * LABEL_PX) / 2;
    const taken: Rectangle = [x - halfX, y - halfY, x + halfX, y + halfY];
    const fits = taken[0] >= 0 && taken[1] >= 0 && taken[2] <= view.width && taken[3] <= view.height;
    if (!fits || room.some((r) => overlaps(r, taken))) continue;
    room.push(taken);
    return { x: round(x), y: round(y), turn: round((upright * 180) / Math.PI) };
  }
  return null;
}

const round = (n: number): number => Math.round(n * 10) / 10;

function overlaps(a: Rectangle, b: Rectangle): boolean {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}

/** A scale bar in a lower corner that no box has taken; without one where both are. */
function scaleBar(view: View, room: Rectangle[]): SVGElement[] {
  const metres = [2000, 1000, 500, 200, 100].find((m) => m * view.scale <= view.width * 0.25) ?? 50;
  const wide = metres * view.scale;
  const y = view.height - 10;
  const x = [12, view.width - 12 - wide].find((left) => !room.some((r) => overlaps(r, [left, y - 20, left + wide, y + 4])));
  if (x === undefined) return [];
  room.push([x, y - 20, x + wide, y + 4]);
  const words = metres >= 1000 ? `${metres / 1000} km` : `${metres} m`;
  return [
    el("path", { class: "bar", d: `M${x} ${y - 4}v4h${wide}v-4` }),
    el("text", { class: "bar-words", x: String(x + wide / 2), y: String(y - 6) }, words),
  ];
}

function el(name: string, attributes: Record<string, string>, words?: string): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (words !== undefined) made.textContent = words;
  return made;
}
