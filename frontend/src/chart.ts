// The link chart's page: what the page says as a list is drawn, and both are opened outward together.
import { type Links, more } from "./api/links";
import { bindList } from "./chart/list";
import type { Picture } from "./chart/picture";
import { hasMore, opened, take } from "./chart/state";

const figure = document.querySelector<HTMLElement>("figure.chart");
const canvas = document.querySelector<HTMLElement>("#canvas");
const list = document.querySelector<HTMLElement>("#chart-list");
const given = document.querySelector<HTMLElement>("#chart-data");
if (figure && canvas && list && given) void start(figure, canvas, list, JSON.parse(given.textContent ?? "") as Links);

async function start(figure: HTMLElement, canvas: HTMLElement, list: HTMLElement, links: Links): Promise<void> {
  const began = performance.now();
  const found = opened(links);
  const status = document.querySelector<HTMLElement>("#chart-status");
  let picture: Picture | null = null;
  const told = bindList(list, open);
  told.show(found);
  figure.hidden = false;
  try {
    const { draw } = await import("./chart/picture");
    picture = draw(canvas, found, open);
    requestAnimationFrame(() => {
      performance.mark("chart-drawn");
      figure.dataset["drawnMs"] = String(Math.round(performance.now() - began));
    });
  } catch (error) {
    // No canvas here: the list says all that the picture would.
    console.warn("the chart is not drawn here:", error);
    figure.hidden = true;
  }

  async function open(id: string): Promise<void> {
    const node = found.nodes.get(id);
    if (node === undefined) return;
    picture?.choose(id);
    told.choose(id);
    if (!hasMore(found, id)) return say(`${node.label}: all its links are shown.`);
    try {
      const fresh = take(found, await more(node.more, found.read.get(id) ?? 0), id);
      picture?.show(found);
      told.show(found);
      told.choose(id);
      say(fresh.length ? `${fresh.length} more around ${node.label}.` : `Nothing more around ${node.label} that is not here.`);
    } catch (error) {
      console.warn("the links cannot be read:", error);
      say("No signal, or you were signed out: nothing was opened. Load the page again.");
    }
  }

  function say(words: string): void {
    if (status) status.textContent = words;
  }
}
