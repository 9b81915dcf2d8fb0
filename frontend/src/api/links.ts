// What the link chart draws, as the site answers it (site/records/charts.py).

export interface Node {
  id: string;
  type: string;
  /** The type as people call it. */
  words: string;
  family: "people" | "objects" | "locations" | "events";
  label: string;
  degree: number;
  /** The degree in words. */
  links: string;
  step: number;
  unread: number;
  unshown: number;
  address: string;
  chart: string;
  /** Where the next step outward is asked for. */
  more: string;
}

export interface Edge {
  id: string;
  source: string;
  target: string;
  words: string;
  back: string;
}

export interface Links {
  nodes: { data: Node }[];
  edges: { data: Edge }[];
}

/** One step more around a record, past the links that were read before. */
export async function more(address: string, skip: number): Promise<Links> {
  const answer = await fetch(`${address}?skip=${skip}`, { headers: { accept: "application/json" } });
  if (!answer.ok || answer.redirected) throw new Error(`${address}: ${answer.status}`);
  return (await answer.json()) as Links;
}
