// A basemap that the home may hold, below our own streets: one PMTiles file, asked for in ranges from this site alone.
import { type LayerSpecification, type SourceSpecification, addProtocol } from "maplibre-gl";
import { PMTiles, Protocol } from "pmtiles";

export interface Basemap {
  source: SourceSpecification;
  layers: LayerSpecification[];
}

/** The layers that may be in the file, in the names of the Protomaps scheme; what it does not hold is not drawn. */
const DRAWN: readonly [string, "fill" | "line", string][] = [
  ["earth", "fill", "#f7f6f2"],
  ["landuse", "fill", "#f0f1ea"],
  ["water", "fill", "#dfe8ea"],
  ["buildings", "fill", "#efede6"],
  ["roads", "line", "#e7e4dc"],
];

export async function basemap(address: string): Promise<Basemap> {
  const whole = new URL(address, location.href).href;
  const file = new PMTiles(whole);
  const protocol = new Protocol();
  protocol.add(file);
  addProtocol("pmtiles", protocol.tile);
  const [header, told] = await Promise.all([file.getHeader(), file.getMetadata() as Promise<Metadata>]);
  const held = new Set((told.vector_layers ?? []).map((layer) => layer.id));
  return {
    source: {
      type: "vector",
      url: `pmtiles://${whole}`,
      minzoom: header.minZoom,
      maxzoom: header.maxZoom,
      attribution: told.attribution ? asText(told.attribution) : "",
    },
    layers: DRAWN.filter(([id]) => held.has(id)).map(([id, type, colour]) => ({
      id: `basemap-${id}`,
      source: "basemap",
      "source-layer": id,
      ...(type === "fill"
        ? { type, filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": colour } }
        : { type, paint: { "line-color": colour, "line-width": 1 } }),
    })) as LayerSpecification[],
  };
}

interface Metadata {
  attribution?: string;
  vector_layers?: { id: string }[];
}

/** The file's own words on where it comes from, as words: its links would lead away, and its markup is not ours. */
function asText(attribution: string): string {
  return new DOMParser().parseFromString(attribution, "text/html").body.textContent ?? "";
}
