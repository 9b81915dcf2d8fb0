// Which boxes may be given now: in their time, below their cap, still named by the site.

import type { Box, Item, Sheet } from "./types";

/** What the phone last heard of the site; it outlives a reload. */
export interface Heard {
  /** Seconds that the phone's clock was behind the site's; null before the first answer. */
  offset_s: number | null;
  /** Officer-minutes by box. A box that is not among them is no longer given; null before the first answer. */
  minutes: Record<string, number> | null;
}

export function isInForce(sheet: Sheet, now: number): boolean {
  return Date.parse(sheet.from) <= now && now < Date.parse(sheet.to);
}

const ground = (square: readonly number[]): string => square.join(" ");

/** Minutes that a box's square has had: what the site told, and what waits on this phone. */
export function minutesOf(box: Box, heard: Heard, waiting: readonly Item[]): number {
  const mine = waiting.filter((i) => i.kind === "visit" && ground([i.x, i.y, i.size]) === ground(box.square));
  const told = heard.minutes?.[box.key] ?? box.minutes;
  return told + mine.reduce((sum, i) => sum + (i.kind === "visit" ? i.minutes : 0), 0);
}

/** The boxes of a sheet that may still be given: none after their end, none at their cap. */
export function givenBoxes(sheet: Sheet, now: number, heard: Heard, waiting: readonly Item[]): Box[] {
  if (!isInForce(sheet, now)) return [];
  return sheet.boxes.filter(
    (b) => (heard.minutes === null || b.key in heard.minutes) && minutesOf(b, heard, waiting) < sheet.cap,
  );
}
