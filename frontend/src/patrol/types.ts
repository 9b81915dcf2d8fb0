// What the page is given by the server (site/patrols/phone.py), and what the phone makes of it.

import type { MultiPolygon, Polygon } from "geojson";

export type Point = [number, number];

export interface Box {
  key: string;
  /** What it is called: its rank, or the letter of a box that an analyst added. */
  rank: string;
  kind: "firm" | "unsure" | "added";
  place: string;
  why: string;
  odds: string;
  /** Closed ring in WGS84, counter-clockwise from the south-west corner. */
  ring: Point[];
  /** The square in the force's metres: what the cap counts. */
  square: [number, number, number];
  minutes: number;
}

export interface Sheet {
  key: string;
  kind: string;
  crime: string;
  many: string;
  from: string;
  to: string;
  until: string;
  begins: string;
  cap: number;
  boxes: Box[];
}

export interface Street {
  name: string;
  main: boolean;
  at: Point[];
}

export interface Told {
  account: number;
  now: string;
  demonstration: boolean;
  area: string;
  enough: number;
  full: number;
  long: number;
  sheets: Sheet[];
  outline: MultiPolygon | Polygon;
  streets: Street[];
  addresses: { today: string; send: string; signIn: string };
}

/** What a visit and a note say of their box: its key, and the square where the phone saw it. */
export interface OnABox {
  id: string;
  box: string;
  x: number;
  y: number;
  size: number;
  /** How many seconds the phone's clock was behind the site when it last heard of it; null where it never did. */
  offset_s: number | null;
}

export interface Visit extends OnABox {
  kind: "visit";
  arrived: string;
  left: string;
  minutes: number;
  how: "timer" | "by hand";
}

export interface Note extends OnABox {
  kind: "note";
  because: string;
  text: string;
  written: string;
}

export type Item = Visit | Note;

/** A stay that is not over. It waits on the phone and is never sent. */
export interface Stay extends OnABox {
  kind: "stay";
  arrived: string;
  /** The site knows of it: it began with a form. It ends with its minutes and cannot be dropped. */
  known: boolean;
}

export interface Here {
  at: Point;
  within_m: number;
}
