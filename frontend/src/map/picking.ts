// A place picked on the map for a form: the point is written into the field that the page names, and marked.
import { type Map as MovingMap, Marker } from "maplibre-gl";

export function pick(map: MovingMap, field: HTMLInputElement): void {
  const element = Object.assign(document.createElement("span"), { className: "picked" });
  element.setAttribute("aria-hidden", "true");
  const marker = new Marker({ element });
  const mark = () => {
    const [latitude, longitude] = field.value.split(",").map(Number);
    const isPoint = Number.isFinite(latitude) && Number.isFinite(longitude) && Math.abs(latitude ?? 91) <= 90;
    if (isPoint) marker.setLngLat([longitude ?? 0, latitude ?? 0]).addTo(map);
    else marker.remove();
  };
  map.getCanvas().style.cursor = "crosshair";
  map.on("click", ({ lngLat }) => {
    field.value = `${lngLat.lat.toFixed(6)}, ${lngLat.lng.toFixed(6)}`;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  field.addEventListener("input", mark);
  mark();
}
