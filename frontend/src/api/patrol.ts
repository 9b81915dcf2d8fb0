// The two questions that the phone page asks the site. Whatever goes wrong is an answer, never an exception.

import type { Answer } from "../offline/queue";
import type { Item } from "../patrol/types";

export interface Today {
  csrf: string;
  account: number;
  now: string;
  minutes: Record<string, number>;
  /** A stay that was begun by a form of the site and is not over. */
  still: { id: string; box: string; x: number; y: number; size: number; arrived: string } | null;
}

export type Failure = "none" | "sign in" | "trouble";

/** How long an answer is waited for: with one bar of signal a request may hang for minutes. */
const PATIENCE_MS = 15_000;

/** What the site says of today, and how many seconds the phone's clock is behind it. */
export async function askToday(address: string): Promise<{ today: Today; offset_s: number } | Failure> {
  const began = Date.now();
  const answer = await ask(address, { headers: { Accept: "application/json" } });
  if (isFailure(answer)) return answer;
  const today = answer as Today;
  const middle = (began + Date.now()) / 2;
  return { today, offset_s: (Date.parse(today.now) - middle) / 1000 };
}

/** Send items; the site answers each by itself. */
export async function sendItems(address: string, csrf: string, items: Item[]): Promise<Answer[] | Failure> {
  const answer = await ask(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf },
    body: JSON.stringify({ sent_at: new Date().toISOString(), items }),
  });
  return isFailure(answer) ? answer : (answer as { answers: Answer[] }).answers;
}

function isFailure(answer: unknown): answer is Failure {
  return typeof answer === "string";
}

async function ask(address: string, options: RequestInit): Promise<unknown> {
  try {
    const answer = await fetch(address, {
      ...options,
      redirect: "manual",
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    // The site leads whoever is not signed in away: to the page to sign in, or to a new password.
    if (answer.type === "opaqueredirect" || answer.status === 401) return "sign in";
    if (!answer.ok) return "trouble";
    return await answer.json();
  } catch (error) {
    return error instanceof SyntaxError ? "trouble" : "none";
  }
}
