import { describe, expect, it } from "vitest";

import type { Item } from "../patrol/types";
import { MOST_ITEMS, next, pause, settle, strip } from "./queue";

function visit(id: string): Item {
  return {
    kind: "visit", id, box: "f/2018-12-21/d/3/burglary/1", x: 0, y: 0, size: 250, offset_s: 0,
    arrived: "2018-12-21T20:00:00Z", left: "2018-12-21T20:12:00Z", minutes: 12, how: "timer",
  };
}

describe("the queue", () => {
  it("sends the oldest first, and not what was refused", () => {
    const waiting = [{ item: visit("a"), refused: "" }, { item: visit("b"), refused: "why" }, { item: visit("c"), refused: "" }];
    expect(next(waiting).map((i) => i.id)).toEqual(["a", "c"]);
  });

  it("sends no more at once than the site takes", () => {
    const waiting = Array.from({ length: MOST_ITEMS + 3 }, (_, i) => ({ item: visit(String(i)), refused: "" }));
    expect(next(waiting)).toHaveLength(MOST_ITEMS);
  });

  it("lets go only of what was answered as kept or known", () => {
    const sent = [visit("a"), visit("b"), visit("c"), visit("d")];
    const settled = settle(sent, [
      { id: "a", became: "kept" },
      { id: "b", became: "known already" },
      { id: "c", became: "refused", reason: "no such map." },
      { id: "z", became: "kept" },
    ]);
    expect(settled.gone.map((i) => i.id)).toEqual(["a", "b"]);
    expect(settled.refused).toEqual([{ item: sent[2], refused: "no such map." }]);
  });

  it("waits longer after each failure, and never longer than five minutes", () => {
    expect([1, 2, 3, 9].map(pause)).toEqual([5, 10, 20, 300]);
  });
});

describe("the strip", () => {
  it("is silent when all is well", () => {
    expect(strip("well", 0, 0)).toBeNull();
    expect(strip("well", 1, 0)).toBeNull();
  });

  it("always says saved", () => {
    expect(strip("none", 2, 0)).toEqual(["No signal.", "Saved on this phone, 2 to send."]);
    expect(strip("sign in", 1, 0)).toEqual(["Sign in to send.", "Saved on this phone, 1 to send."]);
    expect(strip("trouble", 3, 0)).toEqual(["Not sent yet.", "Saved on this phone, 3 to send."]);
  });

  it("says so where nothing could be saved", () => {
    expect(strip("none", 1, 1)?.[0]).toBe("No room on this phone.");
  });
});
