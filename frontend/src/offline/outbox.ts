// The outbox: everything that waits on this phone, the stay that goes on, and the sending of what is finished.
// One sending at a time, also over several open pages; what was not answered waits and is sent again under its id.

import { type Failure, type Today, askToday, sendItems } from "../api/patrol";
import type { Heard } from "../patrol/given";
import type { Item, Stay, Told } from "../patrol/types";
import { Drafts } from "./drafts";
import { askToPersist } from "./keep";
import { HEARD } from "./pages";
import { type Signal, type Waiting, next, pause, settle } from "./queue";

export interface Outside {
  waiting: Waiting[];
  stay: Stay | null;
  heard: Heard;
  signal: Signal;
  /** Ids that are only on this page: the phone had no room for them. */
  unsafe: Set<string>;
  /** Whether the phone was asked yet what it holds. */
  isRead: boolean;
  unreadable: number;
  others: number;
}

export class Outbox {
  readonly state: Outside;
  private drafts: Drafts | null = null;
  /** Ids that are not on the phone yet, or find no room there: reading must not lose them. */
  private readonly here = new Set<string>();
  private failures = 0;
  private again = 0;

  constructor(
    private readonly told: Told,
    private readonly changed: () => void,
  ) {
    this.state = {
      waiting: [],
      stay: null,
      heard: readHeard() ?? { offset_s: null, minutes: null },
      signal: navigator.onLine ? "well" : "none",
      unsafe: new Set(),
      isRead: false,
      unreadable: 0,
      others: 0,
    };
    this.state.heard.offset_s ??= (Date.parse(told.now) - Date.now()) / 1000;
  }

  /** The site's time in milliseconds, as well as the phone knows it. */
  now(): number {
    return Date.now() + (this.state.heard.offset_s ?? 0) * 1000;
  }

  /** Read what waits, then send it; from now on whenever signal returns. */
  async start(): Promise<void> {
    try {
      this.drafts = await Drafts.open(this.told.account);
    } catch {
      this.drafts = null; // A browser without a store of its own: everything is only on this page.
    }
    await this.read();
    window.addEventListener("online", () => void this.send());
    window.addEventListener("offline", () => this.signal("none"));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") void this.send();
    });
    await this.send();
  }

  /** Keep a stay that goes on. */
  async begin(stay: Stay): Promise<void> {
    this.state.stay = stay;
    void askToPersist();
    await this.write(stay, "");
  }

  /** Keep a finished visit or a note, and try to send it. A visit takes the place of its stay. */
  async log(item: Item): Promise<void> {
    if (this.state.stay?.id === item.id) this.state.stay = null;
    this.state.waiting = [...this.state.waiting.filter((w) => w.item.id !== item.id), { item, refused: "" }];
    void askToPersist();
    await this.write(item, "");
    await this.send();
  }

  /** Throw away what the site refused, or a stay that was none. */
  async drop(id: string): Promise<void> {
    if (this.state.stay?.id === id) this.state.stay = null;
    this.state.waiting = this.state.waiting.filter((w) => w.item.id !== id);
    this.state.unsafe.delete(id);
    this.here.delete(id);
    await this.drafts?.forget(id).catch(() => undefined);
    this.changed();
  }

  /** Ask the site what today is, and send what waits. */
  async send(): Promise<void> {
    window.clearTimeout(this.again);
    await alone(async () => {
      // Another page of this phone may have sent since.
      await this.read();
      const asked = await askToday(this.told.addresses.today);
      if (typeof asked === "string") return this.failed(asked);
      this.hear({ offset_s: asked.offset_s, minutes: asked.today.minutes });
      if (asked.today.account !== this.told.account) return this.failed("sign in");
      await this.takeOver(asked.today.still, asked.offset_s);
      for (let items = next(this.state.waiting); items.length > 0; items = next(this.state.waiting)) {
        const answers = await sendItems(this.told.addresses.send, asked.today.csrf, items);
        if (typeof answers === "string") return this.failed(answers);
        const settled = settle(items, answers);
        if (settled.gone.length + settled.refused.length === 0) return this.failed("trouble");
        await this.settled(settled.gone, settled.refused);
      }
      this.failures = 0;
      this.signal("well");
    });
    this.again = window.setTimeout(() => void this.send(), this.failures > 0 ? pause(this.failures) * 1000 : 300_000);
  }

  /** A stay that was begun by a form goes on here, by the phone's clock; unless it was ended here and waits. */
  private async takeOver(still: Today["still"], offset_s: number): Promise<void> {
    const { stay, waiting } = this.state;
    if (still === null || stay !== null || waiting.some((w) => w.item.id === still.id)) return;
    const arrived = new Date(Date.parse(still.arrived) - offset_s * 1000).toISOString();
    await this.begin({ ...still, kind: "stay", arrived, offset_s, known: true });
  }

  private async settled(gone: Item[], refused: Waiting[]): Promise<void> {
    const minutes = { ...this.state.heard.minutes };
    for (const item of gone) {
      // Until the site is asked again: what it has just kept counts.
      if (item.kind === "visit" && item.box in minutes) minutes[item.box] = (minutes[item.box] ?? 0) + item.minutes;
      this.state.unsafe.delete(item.id);
      this.here.delete(item.id);
    }
    this.hear({ ...this.state.heard, minutes });
    const ids = new Set(gone.map((i) => i.id));
    const why = new Map(refused.map((w) => [w.item.id, w]));
    this.state.waiting = this.state.waiting.filter((w) => !ids.has(w.item.id)).map((w) => why.get(w.item.id) ?? w);
    await this.drafts?.forget(...ids).catch(() => undefined);
    for (const w of refused) await this.write(w.item, w.refused);
    this.changed();
  }

  /** Take in what the phone holds; what only this page holds stays. */
  private async read(): Promise<void> {
    const held = await this.drafts?.read();
    this.state.isRead = true;
    if (held === undefined) return this.changed();
    const { drafts, unreadable, others } = held;
    const { stay } = this.state;
    const only = this.state.waiting.filter((w) => this.here.has(w.item.id));
    const items = drafts.flatMap((d) => (d.item.kind === "stay" ? [] : [{ item: d.item, refused: d.refused }]));
    const stays = drafts.flatMap((d) => (d.item.kind === "stay" && !this.here.has(d.item.id) ? [d.item] : []));
    this.state.waiting = [...items.filter((w) => !this.here.has(w.item.id)), ...only];
    this.state.stay = stay !== null && this.here.has(stay.id) ? stay : (stays.at(-1) ?? null);
    this.state.unreadable = unreadable;
    this.state.others = others;
    this.changed();
  }

  private async write(item: Item | Stay, refused: string): Promise<void> {
    this.here.add(item.id);
    try {
      if (this.drafts === null) throw new Error("this browser keeps nothing");
      await this.drafts.keep({ item, refused });
      this.state.unsafe.delete(item.id);
      this.here.delete(item.id);
    } catch {
      this.state.unsafe.add(item.id);
    }
    this.changed();
  }

  private failed(signal: Failure): void {
    this.failures += 1;
    this.signal(signal);
  }

  private signal(signal: Signal): void {
    this.state.signal = signal;
    this.changed();
  }

  private hear(heard: Heard): void {
    this.state.heard = heard;
    try {
      localStorage.setItem(HEARD, JSON.stringify({ ...readAll(), [location.pathname]: heard }));
    } catch {
      // No room: it is asked again at the next signal.
    }
  }
}

/** Do something that only one page of this phone may do at a time. */
async function alone(work: () => Promise<void>): Promise<void> {
  if (navigator.locks === undefined) return work();
  await navigator.locks.request("peelian-patrol-send", work);
}

function readAll(): Record<string, Heard> {
  try {
    return JSON.parse(localStorage.getItem(HEARD) ?? "{}") as Record<string, Heard>;
  } catch {
    return {};
  }
}

function readHeard(): Heard | null {
  return readAll()[location.pathname] ?? null;
}
