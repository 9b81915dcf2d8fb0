// What is on the chart: picture and list both draw from it.
import type { Edge, Links, Node } from "../api/links";

export interface Found {
  centre: string;
  nodes: Map<string, Node>;
  edges: Map<string, Edge>;
  /** How many of a record's links were read: what the next opening skips. */
  read: Map<string, number>;
}

export function opened(links: Links): Found {
  const found: Found = { centre: links.nodes[0]?.data.id ?? "", nodes: new Map(), edges: new Map(), read: new Map() };
  take(found, links);
  return found;
}

/** Add what was read; a record stays as near as it was. Gives the records that are new. */
export function take(found: Found, links: Links, around?: string): Node[] {
  const from = around === undefined ? 0 : (found.nodes.get(around)?.step ?? 0);
  const fresh: Node[] = [];
  for (const { data } of links.nodes) {
    const known = found.nodes.get(data.id);
    if (known === undefined) {
      const node = { ...data, step: data.step + from };
      found.nodes.set(node.id, node);
      fresh.push(node);
    }
  }
  for (const { data } of links.edges) found.edges.set(data.id, data);
  if (around !== undefined) found.read.set(around, (found.read.get(around) ?? 0) + PAGE);
  return fresh;
}

/** Links that one opening reads (linkage.Opening.page). */
export const PAGE = 400;

/** Whether a record has links that are not on the chart. */
export function hasMore(found: Found, id: string): boolean {
  const node = found.nodes.get(id);
  if (node === undefined) return false;
  let shown = 0;
  for (const edge of found.edges.values()) if (edge.source === id || edge.target === id) shown += 1;
  return shown < node.degree && (found.read.get(id) ?? 0) < node.degree;
}

/** A record's links on the chart, in words. */
export function ties(found: Found, id: string): string[] {
  const told: string[] = [];
  for (const edge of found.edges.values()) {
    if (edge.source === id) told.push(`${edge.words} ${found.nodes.get(edge.target)?.label ?? ""}`);
    if (edge.target === id) told.push(`${edge.back} ${found.nodes.get(edge.source)?.label ?? ""}`);
  }
  return told;
}
