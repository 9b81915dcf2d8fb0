import { expect, test } from "vitest";
import type { Edge, Links, Node } from "../api/links";
import { radial } from "./radial";
import { hasMore, opened, take, ties } from "./state";

const node = (id: string, degree = 1, step = 1): Node => ({
  ...{ id, type: "person", words: "Person", family: "people", label: `P ${id}`, degree, step, unread: 0, unshown: 0 },
  ...{ links: `${degree} links`, address: "", chart: "", more: "" },
});
const edge = (source: string, target: string): Edge => ({
  id: `${source}-${target}`,
  source,
  target,
  words: "knows",
  back: "is known by",
});

test("no two records of a wide chart stand on each other, circles and all", () => {
  const nodes = Array.from({ length: 200 }, (_, i) => node(String(i)));
  const edges = nodes.slice(1).map((n, i) => edge(String(i % 7 === 0 ? 0 : Math.floor(i / 3)), n.id));
  edges.push(edge("5", "0"), edge("199", "3"));
  const places = [...radial("0", nodes, edges).values()];
  expect(places).toHaveLength(200);
  for (const [i, a] of places.entries()) {
    for (const b of places.slice(i + 1)) expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThan(4);
  }
});

test("a record that nothing reaches is placed too", () => {
  expect(radial("0", [node("0"), node("1"), node("9")], [edge("0", "1")]).size).toBe(3);
});

test("what is read again is there once, and a record with all its links on the chart has no more", () => {
  const links: Links = {
    nodes: [{ data: node("0", 1, 0) }, { data: node("1", 3) }],
    edges: [{ data: edge("0", "1") }],
  };
  const found = opened(links);
  expect(hasMore(found, "0")).toBe(false);
  expect(hasMore(found, "1")).toBe(true);
  const around: Links = {
    nodes: [{ data: node("1", 3, 0) }, { data: node("0", 1) }, { data: node("2", 1) }],
    edges: [{ data: edge("0", "1") }, { data: edge("1", "2") }],
  };
  expect(take(found, around, "1").map((n) => [n.id, n.step])).toEqual([["2", 2]]);
  expect(found.edges.size).toBe(2);
  expect(hasMore(found, "1")).toBe(false);
  expect(ties(found, "1")).toEqual(["is known by P 0", "knows P 2"]);
});
