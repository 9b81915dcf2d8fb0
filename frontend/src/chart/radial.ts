// Where each record stands: the centre in the middle, each step a ring further out, every branch in a sector of its own.
import type { Edge, Node } from "../api/links";

export interface Place {
  x: number;
  y: number;
}

/** Room between rings, and between neighbours on one ring. */
const RING = 170;
const APART = 46;

export function radial(centre: string, nodes: Iterable<Node>, edges: Iterable<Edge>): Map<string, Place> {
  const beside = new Map<string, string[]>();
  for (const node of nodes) beside.set(node.id, []);
  for (const edge of edges) {
    beside.get(edge.source)?.push(edge.target);
    beside.get(edge.target)?.push(edge.source);
  }
  const branches = new Map<string, string[]>([[centre, []]]);
  const rings: string[][] = [[centre]];
  for (let ring = rings[0]; ring !== undefined && ring.length > 0; ring = rings.at(-1)) {
    const next: string[] = [];
    for (const id of ring) {
      for (const other of beside.get(id) ?? []) {
        if (branches.has(other) || !beside.has(other)) continue;
        branches.set(other, []);
        branches.get(id)?.push(other);
        next.push(other);
      }
    }
    rings.push(next);
  }
  const leaves = new Map<string, number>();
  for (const ring of [...rings].reverse()) {
    for (const id of ring) {
      const below = branches.get(id) ?? [];
      leaves.set(id, Math.max(1, below.reduce((sum, child) => sum + (leaves.get(child) ?? 1), 0)));
    }
  }
  const radius: number[] = [];
  rings.forEach((ring, step) => {
    radius.push(step === 0 ? 0 : Math.max((radius[step - 1] ?? 0) + RING, (ring.length * APART) / (2 * Math.PI)));
  });
  const places = new Map<string, Place>();
  const sector = (id: string, step: number, from: number, to: number): void => {
    const angle = (from + to) / 2;
    const r = radius[step] ?? 0;
    places.set(id, { x: r * Math.cos(angle), y: r * Math.sin(angle) });
    let at = from;
    for (const child of branches.get(id) ?? []) {
      const share = ((to - from) * (leaves.get(child) ?? 1)) / (leaves.get(id) ?? 1);
      sector(child, step + 1, at, at + share);
      at += share;
    }
  };
  sector(centre, 0, -Math.PI / 2, (3 * Math.PI) / 2);
  // What no link on the chart reaches stands below, in a row: nothing is left out.
  const rest = [...beside.keys()].filter((id) => !places.has(id));
  const below = (radius.at(-1) ?? 0) + RING;
  rest.forEach((id, i) => places.set(id, { x: (i - rest.length / 2) * APART, y: below }));
  return places;
}
