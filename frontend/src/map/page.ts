// The page around the map: its list, its switches and its address follow the state, and change it.
import { LAYERS, type Layer, type State, type Store } from "./state";

/** What a plain map shows: only what differs stands in the address (site/maps/addresses.py). */
const PLAIN: Record<Layer, boolean> = { shading: true, boxes: true, counts: false, crimes: false };

export function bindPage(figure: HTMLElement, store: Store): void {
  bindSwitches(figure, store);
  bindList(store);
}

function bindSwitches(figure: HTMLElement, store: Store): void {
  const switches = [...figure.querySelectorAll<HTMLAnchorElement>("a[data-toggle]")];
  for (const link of switches) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
      event.preventDefault();
      const name = link.dataset["toggle"] as Layer;
      const { shown } = store.get();
      store.set({ shown: { ...shown, [name]: !shown[name] } });
    });
  }
  if (switches.length === 0) return;
  store.subscribe(({ shown }) => {
    figure.classList.toggle("no-shading", !shown.shading);
    figure.classList.toggle("no-boxes", !shown.boxes);
    figure.classList.toggle("with-counts", shown.counts);
    figure.classList.toggle("with-crimes", shown.crimes);
    for (const link of switches) {
      const name = link.dataset["toggle"] as Layer;
      link.textContent = (shown[name] ? link.dataset["hide"] : link.dataset["show"]) ?? "";
      link.href = withShown(new URL(location.href), { ...shown, [name]: !shown[name] });
    }
    const here = withShown(new URL(location.href), shown);
    if (here !== location.href) history.replaceState(history.state, "", here);
    keepInLinks(shown);
  });
}

/** Every address that leads on from this map, and the form above it, keep what is shown. */
function keepInLinks(shown: State["shown"]): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>('main a[href^="/tonight/"]:not([data-toggle])')) {
    if (link.pathname.endsWith("/") && link.pathname !== "/tonight/") link.href = withShown(new URL(link.href), shown);
  }
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sends-itself]")) {
    for (const name of LAYERS) {
      form.querySelector(`input[name="${name}"]`)?.remove();
      if (shown[name] === PLAIN[name]) continue;
      const kept = Object.assign(document.createElement("input"), { type: "hidden", name });
      kept.value = shown[name] ? "on" : "off";
      form.append(kept);
    }
  }
}

function withShown(address: URL, shown: State["shown"]): string {
  for (const name of LAYERS) {
    if (shown[name] === PLAIN[name]) address.searchParams.delete(name);
    else address.searchParams.set(name, shown[name] ? "on" : "off");
  }
  return address.href;
}

function bindList(store: Store): void {
  const rows = [...document.querySelectorAll<HTMLTableRowElement>("tr[data-box]")];
  const numberOf = (row: HTMLTableRowElement) => Number(row.dataset["box"]);
  for (const row of rows) {
    const point = () => store.set({ pointed: numberOf(row) });
    const leave = () => {
      if (store.get().pointed === numberOf(row)) store.set({ pointed: null });
    };
    row.addEventListener("pointerenter", point);
    row.addEventListener("pointerleave", leave);
    row.addEventListener("focusin", () => store.set({ pointed: numberOf(row), chosen: numberOf(row) }));
    row.addEventListener("focusout", leave);
  }
  let before: number | null = null;
  store.subscribe(({ chosen, pointed }) => {
    for (const row of rows) row.classList.toggle("is-chosen", numberOf(row) === (pointed ?? chosen));
    if (chosen !== null && chosen !== before && pointed !== chosen) {
      rows.find((row) => numberOf(row) === chosen)?.scrollIntoView({ block: "nearest" });
    }
    before = chosen;
  });
}
