// The chart as a list: the same records in words, each with a button that opens it outward, for keys and ears.
import { type Found, hasMore, ties } from "./state";

/** Ties that a line tells; the record's own page tells all. */
const MOST = 6;

export interface List {
  show(found: Found): void;
  choose(id: string): void;
}

export function bindList(list: HTMLElement, open: (id: string) => void): List {
  list.addEventListener("click", (event) => {
    const asked = (event.target as HTMLElement).closest<HTMLElement>("button[data-open]");
    if (asked) open(asked.dataset["open"] ?? "");
  });
  const line = (found: Found, id: string): HTMLLIElement => {
    const node = found.nodes.get(id);
    const item = document.createElement("li");
    if (node === undefined) return item;
    item.dataset["node"] = id;
    const name = document.createElement("a");
    name.href = node.address;
    name.textContent = node.label;
    const quiet = document.createElement("span");
    quiet.className = "quiet";
    const all = ties(found, id);
    const some = all.slice(0, MOST).join("; ") + (all.length > MOST ? ` and ${all.length - MOST} more` : "");
    quiet.textContent = `${node.words}; ${some}; ${node.links} `;
    item.append(name, " ", quiet);
    if (hasMore(found, id)) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "link outward";
      button.dataset["open"] = id;
      button.textContent = "Open its links";
      button.setAttribute("aria-label", `Open the links of ${node.label}`);
      item.append(button);
    }
    return item;
  };
  return {
    show(found) {
      const near = [...found.nodes.values()].filter((n) => n.id !== found.centre).sort((a, b) => a.step - b.step);
      const held = document.activeElement?.closest<HTMLElement>("li[data-node]")?.dataset["node"];
      list.replaceChildren(...near.map((node) => line(found, node.id)));
      // The button that was pressed is another one now, or gone: the focus stays on its line.
      if (held !== undefined) {
        const item = list.querySelector<HTMLElement>(`li[data-node="${CSS.escape(held)}"]`);
        (item?.querySelector<HTMLElement>("button") ?? item?.querySelector<HTMLElement>("a"))?.focus();
      }
    },
    choose(id) {
      for (const item of list.querySelectorAll("li")) item.classList.toggle("chosen", item.dataset["node"] === id);
    },
  };
}
