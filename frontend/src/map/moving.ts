// The map that moves, laid over the page's own picture once it is drawn. Without WebGL the picture stays.
import { AttributionControl, Map as MovingMap, Marker, NavigationControl, ScaleControl, setWorkerUrl } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import "maplibre-gl/dist/maplibre-gl.css";

import type { Places } from "../api/places";
import type { Basemap } from "./basemap";
import { GROUND, OF_LAYER, layers, sources } from "./layers";
import { pick } from "./picking";
import { LAYERS, type Store } from "./state";

setWorkerUrl(workerUrl);

const MARGIN_PX = 26;

export async function move(figure: HTMLElement, places: Places, basemap: Basemap | null, store: Store): Promise<void> {
  const view = figure.querySelector<HTMLElement>(".view");
  if (!view) return;
  const box = figure.dataset["box"] ? Number(figure.dataset["box"]) : null;
  const container = Object.assign(document.createElement("div"), { className: "moving" });
  view.append(container);
  const map = new MovingMap({
    container,
    style: {
      version: 8,
      sources: { ...(basemap ? { basemap: basemap.source } : {}), ...sources(places, box) },
      layers: [
        { id: "ground", type: "background", paint: { "background-color": box === null ? GROUND : "#faf9f5" } },
        ...(basemap?.layers ?? []),
        ...layers(box, basemap !== null),
      ],
    },
    bounds: boundsOf(places, box),
    fitBoundsOptions: { padding: padding(figure, container, box) },
    maxZoom: 18,
    renderWorldCopies: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    cooperativeGestures: true,
    attributionControl: false,
    fadeDuration: 0,
    locale: { "Map.Title": figure.dataset["words"] ?? "" },
  });
  map.keyboard.disableRotation();
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-left");
  map.addControl(new ScaleControl({ maxWidth: 110 }), "bottom-left");
  if (basemap) map.addControl(new AttributionControl({ compact: false }), "bottom-left");
  if (box !== null) markNumber(map, places, box);
  await new Promise<void>((done) => map.once("load", () => done()));
  bind(map, figure, store);
  map.once("idle", () => {
    figure.classList.add("is-moving");
    figure.dataset["map"] = "usable";
    performance.mark("map-usable");
  });
}

/** The drawing follows the state; what is pressed on it changes the state. */
function bind(map: MovingMap, figure: HTMLElement, store: Store): void {
  const note = Object.assign(document.createElement("p"), { className: "chosen-note" });
  note.setAttribute("aria-live", "polite");
  figure.querySelector(".view")?.append(note);
  store.subscribe(({ shown, chosen, pointed }) => {
    for (const name of LAYERS) {
      for (const id of OF_LAYER[name]) map.setLayoutProperty(id, "visibility", shown[name] ? "visible" : "none");
    }
    map.setFilter("pointed", ["in", ["get", "rank"], ["literal", [pointed ?? -1, chosen ?? -1]]]);
    tell(note, chosen);
    figure.dataset["chosen"] = String(chosen ?? "");
  });
  if (figure.dataset["box"]) return;
  const field = document.querySelector<HTMLInputElement>(figure.dataset["picks"] || "none");
  if (field) {
    pick(map, field);
    return;
  }
  const under = (x: number, y: number): number | null => {
    const found = map.queryRenderedFeatures([x, y], { layers: ["firm", "unsure"] })[0];
    return found ? Number(found.properties["rank"]) : null;
  };
  map.on("mousemove", (event) => {
    const pointed = under(event.point.x, event.point.y);
    map.getCanvas().style.cursor = pointed === null ? "" : "pointer";
    if (pointed !== store.get().pointed) store.set({ pointed });
  });
  map.on("mouseout", () => store.set({ pointed: null }));
  map.on("click", (event) => store.set({ chosen: under(event.point.x, event.point.y), pointed: null }));
}

/** What was chosen on the map, in words, with the way to its page. */
function tell(note: HTMLElement, chosen: number | null): void {
  const said = chosen === null ? "" : String(chosen);
  if (note.dataset["said"] === said) return;
  note.dataset["said"] = said;
  note.replaceChildren();
  if (chosen === null) return;
  const row = document.querySelector<HTMLAnchorElement>(`tr[data-box="${chosen}"] th a`);
  const link = document.createElement("a");
  link.href = row?.href ?? `${location.pathname}box/${chosen}/${location.search}`;
  link.textContent = row ? `Box ${chosen}, ${row.textContent}` : `Box ${chosen}`;
  note.append(link);
}

/** The number of the box that a page is about stands in a tab at its upper left corner. */
function markNumber(map: MovingMap, places: Places, box: number): void {
  const corner = places.boxes.find((b) => b.rank === box)?.ring[3];
  if (!corner) return;
  const element = Object.assign(document.createElement("span"), { className: "sq tab-number", textContent: String(box) });
  element.setAttribute("aria-hidden", "true");
  new Marker({ element, anchor: "top-left" }).setLngLat([corner[0] ?? 0, corner[1] ?? 0]).addTo(map);
}

/** What the map opens on: one box, or the area with its boxes, as far as the page's own picture reaches. */
function boundsOf(places: Places, box: number | null): [number, number, number, number] {
  const ring = places.boxes.find((b) => b.rank === box)?.ring;
  const corners = ring ?? [...places.boxes.flatMap((b) => b.ring), ...places.outline.coordinates.flat(3).flat()];
  const [west, south, east, north] = places.bounds;
  const found: [number, number, number, number] = [east, north, west, south];
  const flat = corners.flat();
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const [longitude, latitude] = [flat[i] ?? 0, flat[i + 1] ?? 0];
    found[0] = Math.max(Math.min(found[0], longitude), west);
    found[1] = Math.max(Math.min(found[1], latitude), south);
    found[2] = Math.min(Math.max(found[2], longitude), east);
    found[3] = Math.min(Math.max(found[3], latitude), north);
  }
  return found[0] < found[2] && found[1] < found[3] ? found : places.bounds;
}

/** The area stands beside the panel, not below it; one box takes about a quarter of the picture's width. */
function padding(figure: HTMLElement, container: HTMLElement, box: number | null) {
  if (box !== null) {
    const aside = Math.round(Math.min(container.clientWidth, container.clientHeight) * 0.36);
    return { top: aside, bottom: aside, left: aside, right: aside };
  }
  const panel = figure.querySelector<HTMLElement>(".panel");
  const isBeside = panel !== null && panel.offsetLeft > container.clientWidth / 2;
  const right = isBeside ? container.clientWidth - panel.offsetLeft + 8 : MARGIN_PX;
  return { top: MARGIN_PX, bottom: MARGIN_PX + 14, left: MARGIN_PX, right };
}
