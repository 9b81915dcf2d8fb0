// What waits to be sent, as plain values: which go next, and what an answer does to them.

import type { Item } from "../patrol/types";

/** One thing on the phone; `refused` is the reason with which the site would not keep it. */
export interface Waiting {
  item: Item;
  refused: string;
}

export interface Answer {
  id: string;
  became: "kept" | "known already" | "refused";
  reason?: string;
}

/** The site takes so many at once (site/patrols/sending.py). */
export const MOST_ITEMS = 50;

/** What goes next, oldest first: whatever was not refused. */
export function next(waiting: readonly Waiting[]): Item[] {
  return waiting.filter((w) => w.refused === "").map((w) => w.item).slice(0, MOST_ITEMS);
}

export interface Settled {
  gone: Item[];
  refused: Waiting[];
}

/** What the answers settle: kept and known ones are gone; without an answer nothing changes. */
export function settle(sent: readonly Item[], answers: readonly Answer[]): Settled {
  const by = new Map(answers.map((a) => [a.id, a]));
  const settled: Settled = { gone: [], refused: [] };
  for (const item of sent) {
    const answer = by.get(item.id);
    if (answer?.became === "kept" || answer?.became === "known already") settled.gone.push(item);
    if (answer?.became === "refused") settled.refused.push({ item, refused: answer.reason ?? "no reason was given." });
  }
  return settled;
}

/** Seconds until the next try after so many failures: 5, 10, 20 ... at most five minutes. */
export function pause(failures: number): number {
  return Math.min(300, 5 * 2 ** Math.max(0, failures - 1));
}

export type Signal = "well" | "none" | "sign in" | "trouble";

/** The calm strip: what the officer needs to know of sending, or nothing. */
export function strip(signal: Signal, n: number, unsafe: number): [string, string] | null {
  const saved = `Saved on this phone, ${n} to send.`;
  if (unsafe > 0) {
    const what = unsafe === 1 ? "1 is" : `${unsafe} are`;
    return ["No room on this phone.", `${what} only on this page: keep it open until sent.`];
  }
  if (signal === "none") return ["No signal.", n > 0 ? saved : "The boxes are on this phone."];
  if (signal === "sign in") return ["Sign in to send.", n > 0 ? saved : "Nothing is waiting."];
  if (signal === "trouble" && n > 0) return ["Not sent yet.", saved];
  return null;
}
