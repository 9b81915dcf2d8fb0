// The timer: a ring that is full at 15 minutes and marked at 10. It rewards nothing and alarms nobody.

export interface Timed {
  /** Share of the ring that is filled, 0 to 1. */
  filled: number;
  clock: string;
  headline: string;
  words: string;
}

/** What the ring shows after so many seconds; a clock that went backwards shows nothing and says so. */
export function timed(seconds: number, enough: number, full: number, long: number): Timed {
  if (seconds < 0) {
    return { filled: 0, clock: "–", headline: "The clock was changed.", words: "Write your minutes below." };
  }
  const minutes = seconds / 60;
  const shown = Math.floor(seconds);
  const clock = `${Math.floor(shown / 60)}:${String(shown % 60).padStart(2, "0")}`;
  const filled = Math.min(1, minutes / full);
  if (minutes >= long) {
    return { filled, clock, headline: "Still there?", words: "If you left before, write your minutes below." };
  }
  if (minutes >= full) {
    return { filled, clock, headline: "Long enough.", words: `After ${full} minutes, more time adds little. Move on.` };
  }
  if (minutes >= enough) {
    const words = `${enough} to ${full} minutes is a full visit. After ${full}, more time adds little.`;
    return { filled, clock, headline: "Long enough.", words };
  }
  return { filled, clock, headline: "Be seen, on foot.", words: `${enough} to ${full} minutes is a full visit.` };
}

/** Where on a circle around (0, 0) a share of it ends, from the top, clockwise. */
export function onRing(share: number, radius: number): [number, number] {
  const angle = 2 * Math.PI * share;
  return [radius * Math.sin(angle), -radius * Math.cos(angle)];
}
