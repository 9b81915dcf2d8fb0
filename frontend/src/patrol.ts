// The phone page with script: the same page, and beside it distance, timer, map, and everything without signal.
// Plain state (the outbox) and one function that draws it; nothing here is needed to work on line (forms do).

import { keepPage, wipe } from "./offline/keep";
import { Outbox } from "./offline/outbox";
import { strip } from "./offline/queue";
import { away, byDistance, centre, inside } from "./patrol/distance";
import { givenBoxes, isInForce, minutesOf } from "./patrol/given";
import { draw } from "./patrol/picture";
import { onRing, timed } from "./patrol/ring";
import type { Box, Here, OnABox, Point, Sheet, Stay, Told, Visit } from "./patrol/types";

const told = JSON.parse(document.getElementById("told")?.textContent ?? "null") as Told;
const outbox = new Outbox(told, () => render());
let here: Here | null = null;
let kind = document.querySelector<HTMLElement>(".sheet:not([hidden])")?.dataset["kind"] ?? "";
let wanted = new URLSearchParams(location.search).get("box") ?? "";
let pressed = 0;
let announced = "";

// --- what is so ------------------------------------------------------------------------------------------------------

const items = () => outbox.state.waiting.filter((w) => w.refused === "").map((w) => w.item);
const given = (sheet: Sheet): Box[] => givenBoxes(sheet, outbox.now(), outbox.state.heard, items());
const inForce = (): Sheet[] => told.sheets.filter((s) => isInForce(s, outbox.now()));
const sheetNow = (): Sheet | undefined => inForce().find((s) => s.kind === kind) ?? inForce()[0];

function boxOf(key: string): [Box, Sheet] | null {
  for (const sheet of told.sheets) for (const box of sheet.boxes) if (box.key === key) return [box, sheet];
  return null;
}

const rankOf = (key: string): string => key.split("/").at(-1) ?? "";

/** The box that the page is about: where the officer stands, what was tapped, or the nearest. */
function focus(): Box | null {
  const stay = outbox.state.stay;
  if (stay !== null) return boxOf(stay.box)?.[0] ?? null;
  const sheet = sheetNow();
  if (sheet === undefined) return null;
  const boxes = byDistance(given(sheet), here);
  return boxes.find((b) => b.rank === wanted) ?? boxes[0] ?? null;
}

/** The next box after the one in focus: the nearest to the phone, or to that box. */
function after(box: Box): Box | null {
  const sheet = boxOf(box.key)?.[1];
  if (sheet === undefined) return null;
  const from = here ?? { at: centre(box.ring), within_m: 0 };
  return byDistance(given(sheet).filter((b) => b.key !== box.key), from)[0] ?? null;
}

const secondsIn = (stay: Stay): number => (Date.now() - Date.parse(stay.arrived)) / 1000;

function onBox(box: Box): OnABox {
  const [x, y, size] = box.square;
  return { id: crypto.randomUUID(), box: box.key, x, y, size, offset_s: outbox.state.heard.offset_s };
}

// --- what is drawn ---------------------------------------------------------------------------------------------------

const by = <E extends Element = HTMLElement>(id: string): E => document.getElementById(id) as unknown as E;
const show = (id: string, shown: boolean): void => void by(id)?.toggleAttribute("hidden", !shown);

function say(id: string, words: string): void {
  const element = by(id);
  if (element !== null && element.textContent !== words) element.textContent = words;
}

function render(): void {
  const box = focus();
  renderStrip();
  renderHere(box);
  renderLists(box);
  renderWaiting();
  if (box !== null) renderMap(box);
  show("around", box !== null);
  tick();
}

function renderStrip(): void {
  const { signal, unsafe } = outbox.state;
  const words = strip(signal, items().length, unsafe.size);
  show("strip", words !== null);
  const link = words !== null && signal === "sign in" ? Object.assign(document.createElement("a"), { href: told.addresses.signIn, textContent: words[0] }) : null;
  if (words !== null) {
    const head = document.createElement("b");
    head.append(link ?? words[0]);
    by("strip").replaceChildren(head, ` ${words[1]}`);
  }
}

function renderHere(box: Box | null): void {
  const stay = outbox.state.stay;
  const sheet = box === null ? sheetNow() : boxOf(box.key)?.[1];
  const ends = sheet === undefined ? "" : ` · boxes end ${sheet.until}`;
  say("where", whereWords(box, stay, sheet) + ends);
  say("place", stay !== null ? (box?.place ?? `Box ${rankOf(stay.box)}`) : (box?.place ?? nothingWords(sheet)));
  say("about", box === null || stay !== null ? "" : [box.why, box.odds].filter((w) => w !== "").join(" · "));
  show("about", box !== null && stay === null);
  show("standing", stay !== null);
  show("dose", box !== null);
  if (box !== null && sheet !== undefined) renderDose(box, sheet, stay);
  show("go", box !== null || stay !== null);
  const rank = stay !== null ? rankOf(stay.box) : (box?.rank ?? "");
  say("go-button", stay !== null ? `Leave box ${rank}` : `Arrive in box ${rank}`);
  const next = box === null ? null : after(box);
  show("next", next !== null && stay !== null);
  if (next !== null && box !== null) {
    say("next-place", `${next.rank} · ${next.place}`);
    say("next-away", away(here?.at ?? centre(box.ring), centre(next.ring)));
  }
  show("by-hand", box !== null || stay !== null);
  show("drop", stay !== null && !stay.known);
  say("by-hand-words", stay !== null ? "I left before now" : "Log a visit by hand");
  show("wrong", box !== null);
  if (box !== null) say("wrong-box", `box ${box.rank}, ${box.place}`);
}

function whereWords(box: Box | null, stay: Stay | null, sheet: Sheet | undefined): string {
  if (stay !== null) return `You are in box ${rankOf(stay.box)}${sheet === undefined ? "" : `, ${sheet.crime.toLowerCase()}`}`;
  if (box === null) return told.area;
  if (here === null) return `Box ${box.rank}, ${sheet?.crime.toLowerCase() ?? ""}`;
  const standing = inside(box, here);
  if (standing === "inside") return `You are at box ${box.rank}`;
  if (standing === "perhaps") return `You are at the edge of box ${box.rank}, or in it`;
  return `Box ${box.rank}: ${away(here.at, centre(box.ring))}`;
}

function nothingWords(sheet: Sheet | undefined): string {
  if (sheet !== undefined) return `Every ${sheet.crime.toLowerCase()} box has had its time today.`;
  const coming = told.sheets.find((s) => Date.parse(s.from) > outbox.now());
  if (coming !== undefined) return `The next boxes begin ${coming.begins}.`;
  // Where the site gave none, its own sentence says why and since when.
  return told.sheets.length > 0 ? "These boxes have ended. They mean nothing now." : (by("place").textContent ?? "");
}

function renderDose(box: Box, sheet: Sheet, stay: Stay | null): void {
  const had = minutesOf(box, outbox.state.heard, items()) + (stay === null ? 0 : Math.max(0, secondsIn(stay)) / 60);
  const is = Math.floor(had);
  say("dose-words", had >= sheet.cap ? `${sheet.cap} of ${sheet.cap} officer-minutes today: enough for this box.` : `${is} of ${sheet.cap} officer-minutes today`);
  by("dose-bar").style.inlineSize = `${Math.min(100, (100 * had) / sheet.cap)}%`;
}

function renderLists(box: Box | null): void {
  const sheet = box === null ? sheetNow() : (boxOf(box.key)?.[1] ?? sheetNow());
  for (const element of document.querySelectorAll<HTMLElement>(".sheet")) {
    element.hidden = element.dataset["sheet"] !== sheet?.key;
    if (element.hidden || sheet === undefined) continue;
    const boxes = byDistance(given(sheet), here);
    const rows = new Map([...element.querySelectorAll<HTMLElement>("li[data-box]")].map((li) => [li.dataset["box"] ?? "", li]));
    const order = boxes.map((b) => rows.get(b.key)).filter((li) => li !== undefined);
    for (const [key, li] of rows) li.hidden = !boxes.some((b) => b.key === key);
    const list = element.querySelector("ol");
    // Moving rows about takes the focus from the one that has it.
    if (list !== null && !list.contains(document.activeElement)) list.prepend(...order);
    for (const b of boxes) renderRow(rows.get(b.key), b, sheet, b.key === box?.key);
    const note = element.querySelector<HTMLElement>(".order");
    if (note !== null) note.textContent = here === null ? "In the order of the map." : "Nearest first.";
  }
  for (const link of document.querySelectorAll<HTMLElement>(".types a")) {
    if (link.dataset["kind"] === sheet?.kind) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    link.parentElement?.toggleAttribute("hidden", !inForce().some((s) => s.kind === link.dataset["kind"]));
  }
  show("boxes", inForce().length > 0);
}

function renderRow(row: HTMLElement | undefined, box: Box, sheet: Sheet, chosen: boolean): void {
  if (row === undefined) return;
  const far = row.querySelector<HTMLElement>(".away");
  if (far !== null) far.textContent = here === null ? "" : away(here.at, centre(box.ring));
  const had = row.querySelector<HTMLElement>(".had");
  if (had !== null) had.textContent = `${Math.floor(minutesOf(box, outbox.state.heard, items()))} of ${sheet.cap} min`;
  const link = row.querySelector("a");
  if (chosen) link?.setAttribute("aria-current", "true");
  else link?.removeAttribute("aria-current");
}

function renderWaiting(): void {
  const { waiting, unreadable, others, isRead } = outbox.state;
  if (!isRead) return;
  const n = waiting.length;
  say("to-send-count", n > 0 ? `To send · ${n}` : "To send");
  const rows = waiting.map((w) => {
    const li = document.createElement("li");
    const what = w.item.kind === "visit" ? `Box ${rankOf(w.item.box)}, ${Math.round(w.item.minutes)} min` : `Note on box ${rankOf(w.item.box)}`;
    li.append(what);
    if (w.refused !== "") {
      const why = Object.assign(document.createElement("p"), { className: "error", textContent: `The site did not keep it: ${w.refused}` });
      const drop = Object.assign(document.createElement("button"), { className: "plain", textContent: "Throw it away" });
      drop.addEventListener("click", () => void outbox.drop(w.item.id));
      li.append(why, drop);
    }
    return li;
  });
  by("waiting").replaceChildren(...rows);
  const words = n === 0 ? ["Nothing waits on this phone."] : [];
  if (others > 0) words.push(`${others} of another account ${others === 1 ? "waits" : "wait"} here until it signs in.`);
  if (unreadable > 0) words.push(`${unreadable} cannot be read any more.`);
  const offset = outbox.state.heard.offset_s ?? 0;
  if (!told.demonstration && Math.abs(offset) > 120) {
    words.push(`This phone’s clock is ${span(Math.abs(offset))} ${offset > 0 ? "behind" : "ahead"}. Visits are kept all the same, with the site’s time.`);
  }
  say("waiting-words", words.join(" "));
}

function span(seconds: number): string {
  if (seconds >= 86_400) return `${Math.round(seconds / 86_400)} days`.replace(/^1 days$/, "1 day");
  return seconds >= 3600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 60)} min`;
}

function renderMap(box: Box): void {
  const svg = by<SVGSVGElement>("map");
  const sheet = boxOf(box.key)?.[1];
  const others = sheet === undefined ? [] : given(sheet).filter((b) => b.key !== box.key);
  const rings = told.outline.type === "Polygon" ? told.outline.coordinates : told.outline.coordinates.flat();
  const width = Math.max(280, by("around").clientWidth);
  const height = Math.round(Math.min(320, Math.max(200, width * 0.56)));
  const standing = outbox.state.stay !== null;
  draw(svg, { focus: box, others, after: standing ? after(box) : null, streets: told.streets, outline: rings as Point[][], here }, width, height);
}

/** What changes every second; and everything, where a box has ended or had its time. */
let known = "";
function tick(): void {
  const stay = outbox.state.stay;
  if (stay !== null) {
    const t = timed(secondsIn(stay), told.enough, told.full, told.long);
    say("ring-clock", t.clock);
    say("ring-says", t.headline);
    say("ring-words", t.words);
    const [x, y] = onRing(Math.min(t.filled, 0.9999), 62);
    by("ring-done").setAttribute("d", t.filled === 0 ? "" : `M0 -62A62 62 0 ${t.filled > 0.5 ? 1 : 0} 1 ${x.toFixed(2)} ${y.toFixed(2)}`);
    const box = boxOf(stay.box);
    if (box !== null) renderDose(box[0], box[1], stay);
    if (t.headline !== announced) say("said", (announced = t.headline));
  }
  const now = inForce().map((s) => s.key + given(s).map((b) => b.rank).join()).join(" ");
  if (now !== known) {
    known = now;
    render();
  }
}

// --- what is done ----------------------------------------------------------------------------------------------------

function go(): void {
  // A second tap of the same thumb is no second act.
  if (Date.now() - pressed < 1000 && Date.now() >= pressed) return;
  pressed = Date.now();
  const { stay } = outbox.state;
  if (stay !== null) {
    const minutes = secondsIn(stay) / 60;
    if (minutes < 0 || minutes >= told.long) return askMinutes();
    void outbox.log(visit(stay, new Date().toISOString(), minutes, "timer"));
    say("said", "Saved.");
    moveOn(stay.box);
    return;
  }
  const box = focus();
  if (box === null) return;
  void outbox.begin({ ...onBox(box), kind: "stay", arrived: new Date().toISOString(), known: false });
}

/** After a visit the page is about the next box. */
function moveOn(key: string): void {
  const left = boxOf(key)?.[0];
  wanted = (left === undefined ? null : after(left))?.rank ?? "";
}

function visit(stay: OnABox & { arrived: string }, left: string, minutes: number, how: Visit["how"]): Visit {
  const { id, box, x, y, size, offset_s, arrived } = stay;
  return { kind: "visit", id, box, x, y, size, offset_s, arrived, left, minutes: Math.min(1440, minutes), how };
}

function askMinutes(): void {
  by<HTMLDetailsElement>("by-hand").open = true;
  by<HTMLInputElement>("by-hand-minutes").focus();
}

function byHand(): void {
  const field = by<HTMLInputElement>("by-hand-minutes");
  const minutes = Number(field.value);
  if (field.value.trim() === "" || !Number.isFinite(minutes) || minutes < 0 || minutes > 1440) {
    field.setCustomValidity("Minutes, from 0 to 1440.");
    field.reportValidity();
    return;
  }
  const stay = outbox.state.stay;
  const box = focus();
  const began = stay?.arrived ?? new Date(Date.now() - minutes * 60_000).toISOString();
  if (stay === null && box === null) return;
  const on = stay ?? { ...onBox(box!), arrived: began };
  const left = new Date(Date.parse(began) + minutes * 60_000).toISOString();
  void outbox.log(visit({ ...on, arrived: began }, left, minutes, "by hand"));
  moveOn(on.box);
  field.value = "";
  by<HTMLDetailsElement>("by-hand").open = false;
  say("said", "Saved.");
  by("go-button").focus();
}

function note(form: HTMLFormElement): void {
  const box = focus();
  if (box === null) return;
  const said = new FormData(form);
  const because = String(said.get("because") ?? "");
  const text = String(said.get("text") ?? "").trim();
  const field = form.querySelector<HTMLTextAreaElement>("textarea");
  field?.setCustomValidity(because === "other" && text === "" ? "Say what it is." : "");
  if (field?.reportValidity() === false) return;
  void outbox.log({ ...onBox(box), kind: "note", because, text, written: new Date().toISOString() });
  form.reset();
  by<HTMLDetailsElement>("wrong").open = false;
  say("said", "Saved. The analyst answers; you see the answer under My visits.");
}

function choose(box: string): void {
  if (outbox.state.stay !== null) return;
  wanted = box;
  render();
  by("place").scrollIntoView({ block: "center" });
}

async function locate(): Promise<void> {
  if (!("geolocation" in navigator)) return;
  const allowed = await navigator.permissions?.query({ name: "geolocation" }).catch(() => null);
  if (allowed?.state === "granted") return watch();
  show("locate", allowed?.state !== "denied");
  by("locate").addEventListener("click", watch, { once: true });
}

function watch(): void {
  show("locate", false);
  navigator.geolocation.watchPosition(
    ({ coords }) => {
      here = { at: [coords.longitude, coords.latitude], within_m: Math.max(1, coords.accuracy) };
      render();
    },
    () => {
      here = null;
      say("locate-words", "This phone does not say where it is. The boxes are in the order of the map.");
      render();
    },
    { enableHighAccuracy: true, maximumAge: 10_000 },
  );
}

/** Nothing may be lost by signing out: what waits is sent first, or its owner says that it may go. */
async function signOut(form: HTMLFormElement): Promise<void> {
  await outbox.send();
  const n = outbox.state.waiting.length + (outbox.state.stay === null ? 0 : 1);
  if (outbox.state.signal === "none") return say("said-out", "No signal: signing out needs it. What is saved stays, encrypted.");
  const dialog = by<HTMLDialogElement>("out");
  if (n > 0) {
    say("out-words", `${n} ${n === 1 ? "thing is" : "things are"} not sent. Signing out deletes ${n === 1 ? "it" : "them"} from this phone.`);
    dialog.returnValue = "";
    dialog.showModal();
    await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    if (dialog.returnValue !== "out") return;
  }
  await wipe(told.account).catch(() => undefined);
  form.submit();
}

function listen(): void {
  const on = (id: string, act: (form: HTMLFormElement) => void): void => {
    const form = by<HTMLFormElement>(id);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      act(form);
    });
  };
  on("go", go);
  on("by-hand-form", byHand);
  on("note-form", note);
  by("by-hand-minutes").addEventListener("input", (e) => (e.target as HTMLInputElement).setCustomValidity(""));
  by("note-form").addEventListener("input", () => by("note-form").querySelector("textarea")?.setCustomValidity(""));
  by("drop").addEventListener("click", () => {
    const stay = outbox.state.stay;
    if (stay !== null) void outbox.drop(stay.id);
  });
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[data-box], .types a");
    if (link === null) return;
    event.preventDefault();
    if (link.dataset["kind"] !== undefined) {
      kind = link.dataset["kind"];
      wanted = "";
      render();
    } else choose(link.dataset["box"] ?? "");
  });
  const out = document.querySelector<HTMLFormElement>('form[action="/sign-out/"]');
  out?.addEventListener("submit", (event) => {
    event.preventDefault();
    void signOut(out);
  });
  window.addEventListener("resize", render);
}

document.body.classList.add("scripted");
listen();
render();
window.setInterval(tick, 1000);
void locate();
void outbox.start();
void keepPage().then((kept) => say("kept", kept ? "This page also opens without signal." : "Without https this page needs signal."));
