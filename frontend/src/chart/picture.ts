// The picture of the chart, by cytoscape.js: shapes tell families apart, never colour alone.
import cytoscape from "cytoscape";
import { radial } from "./radial";
import { type Found, hasMore } from "./state";

const INK = "#1b2426";
const ACCENT = "#0b5763";
/** A canvas takes a name that ends in a number only in quotes, and else its own smallest font. */
const FONT = '"Source Sans 3", Arial, sans-serif';
const SHAPES = { people: "ellipse", locations: "rectangle", objects: "diamond", events: "hexagon" } as const;
/** From so many records on, the names of links would only cover each other. */
const NAMED_LINKS = 40;

/** So many names fit around the middle. */
const MOST_NAMED = 16;

export interface Picture {
  show(found: Found): void;
  choose(id: string): void;
}

export function draw(canvas: HTMLElement, found: Found, open: (id: string) => void): Picture {
  const cy = cytoscape({
    container: canvas,
    minZoom: 0.1,
    maxZoom: 3,
    boxSelectionEnabled: false,
    style: [
      {
        selector: "node",
        style: {
          label: "data(short)",
          shape: (n) => SHAPES[n.data("family") as keyof typeof SHAPES] ?? "ellipse",
          "background-color": "#ffffff",
          "border-color": ACCENT,
          "border-width": 2,
          width: 22,
          height: 22,
          color: INK,
          "font-family": FONT,
          "font-size": 12,
          "min-zoomed-font-size": 8,
          "text-valign": "bottom",
          "text-margin-y": 4,
          "text-background-color": "#ffffff",
          "text-background-opacity": 0.85,
          "text-wrap": "ellipsis",
          "text-max-width": "130px",
        },
      },
      { selector: "node.more", style: { "border-style": "double", "border-width": 5 } },
      { selector: "node.centre", style: { "background-color": ACCENT, width: 30, height: 30, "font-weight": 600 } },
      { selector: "node.chosen", style: { "border-color": INK, "border-width": 4 } },
      {
        selector: "edge",
        style: {
          width: 1.4,
          "line-color": "#8c9496",
          // Several links between two records stand beside each other.
          "curve-style": "bezier",
          "target-arrow-shape": "triangle",
          "target-arrow-color": "#8c9496",
          "arrow-scale": 0.8,
        },
      },
      {
        selector: "edge.named",
        style: {
          label: "data(words)",
          color: "#465154",
          "font-family": FONT,
          "font-size": 12,
          "font-style": "italic",
          "min-zoomed-font-size": 9,
          "text-rotation": "autorotate",
          "text-background-color": "#ffffff",
          "text-background-opacity": 1,
        },
      },
    ],
  });
  cy.on("tap", "node", (event) => open(event.target.id() as string));
  cy.on("mouseover", "node", () => {
    canvas.style.cursor = "pointer";
  });
  cy.on("mouseout", "node", () => {
    canvas.style.cursor = "";
  });
  const picture: Picture = {
    show(now) {
      const places = radial(now.centre, now.nodes.values(), now.edges.values());
      cy.batch(() => {
        for (const node of now.nodes.values()) {
          const place = places.get(node.id) ?? { x: 0, y: 0 };
          const held = cy.getElementById(node.id);
          if (held.empty()) {
            cy.add({ group: "nodes", data: { ...node, short: node.label }, position: { ...place } });
          } else held.position(place);
          const one = cy.getElementById(node.id);
          one.toggleClass("more", hasMore(now, node.id));
          one.toggleClass("centre", node.id === now.centre);
        }
        for (const edge of now.edges.values()) {
          const id = `link-${edge.id}`;
          if (cy.getElementById(id).empty()) cy.add({ group: "edges", data: { ...edge, id } });
        }
        cy.edges().toggleClass("named", now.nodes.size <= NAMED_LINKS);
      });
      cy.fit(undefined, 30);
      // Around the middle names stay legible however wide the chart has grown.
      const size = Math.min(60, Math.max(12, 12 / cy.zoom()));
      const near = cy.nodes().filter((n) => n.id() === now.centre || n.data("step") === 1);
      cy.batch(() => {
        cy.nodes().removeStyle("font-size text-max-width");
        if (near.length <= MOST_NAMED) near.style({ "font-size": size, "text-max-width": `${size * 11}px` });
      });
    },
    choose(id) {
      cy.nodes().removeClass("chosen");
      cy.getElementById(id).addClass("chosen");
    },
  };
  picture.show(found);
  return picture;
}
