import { describe, expect, it } from "vitest";

import { away, byDistance, centre, direction, distance, inside, localFrame } from "./distance";
import { givenBoxes, minutesOf } from "./given";
import { onRing, timed } from "./ring";
import type { Box, Item, Point, Sheet } from "./types";

const AT: Point = [-90.24, 38.58];

/** A box whose south-west corner lies so many boxes east and north of a place, 250 m wide. */
function box(rank: number, east: number, north: number): Box {
  const [dx, dy] = [250 / (111_195 * Math.cos((AT[1] * Math.PI) / 180)), 250 / 111_195];
  const [x, y] = [AT[0] + east * dx, AT[1] + north * dy];
  const ring: Point[] = [[x, y], [x + dx, y], [x + dx, y + dy], [x, y + dy], [x, y]];
  return {
    key: `f/2018-12-21/d/3/burglary/${rank}`, rank: String(rank), kind: "firm", place: "", why: "", odds: "", ring,
    square: [east * 250, north * 250, 250], minutes: 0,
  };
}

function sheet(boxes: Box[]): Sheet {
  return {
    key: "k", kind: "burglary", crime: "Burglary", many: "burglaries", until: "", begins: "", cap: 45, boxes,
    from: "2018-12-21T18:00:00-06:00", to: "2018-12-22T18:00:00-06:00",
  };
}

const DURING = Date.parse("2018-12-21T20:00:00-06:00");
const UNHEARD = { offset_s: null, minutes: null };

function visit(of: Box, minutes: number): Item {
  const [x, y, size] = of.square;
  return { kind: "visit", id: "1", box: of.key, x, y, size, offset_s: 0, arrived: "", left: "", minutes, how: "timer" };
}

describe("the ring", () => {
  const at = (minutes: number) => timed(minutes * 60, 10, 15, 60);

  it("is full at 15 minutes and never fuller", () => {
    expect([0, 5, 15, 40].map((m) => at(m).filled)).toEqual([0, 1 / 3, 1, 1]);
  });

  it("says long enough from 10 minutes on, not before", () => {
    expect(at(9.99).headline).not.toBe("Long enough.");
    expect(at(10).headline).toBe("Long enough.");
    expect(at(20).headline).toBe("Long enough.");
  });

  it("asks after an hour whether somebody is still there", () => {
    expect(at(60).headline).toBe("Still there?");
  });

  it("shows whole seconds", () => {
    expect(timed(740.9, 10, 15, 60).clock).toBe("12:20");
    expect(timed(5, 10, 15, 60).clock).toBe("0:05");
  });

  it("claims no time when the clock went backwards", () => {
    expect(timed(-1, 10, 15, 60)).toMatchObject({ filled: 0, clock: "–" });
  });

  it("has its marks at the top and at the lower left", () => {
    expect(onRing(0, 62)[1]).toBeCloseTo(-62);
    expect(onRing(10 / 15, 52)[0]).toBeCloseTo(-45.03, 1);
  });
});

describe("distance", () => {
  it("agrees with the mean radius of the Earth", () => {
    expect(distance([10, 50], [10, 51])).toBeCloseTo((Math.PI * 6_371_008.8) / 180, 3);
    expect(distance([0, 0], [90, 0])).toBeCloseTo((Math.PI * 6_371_008.8) / 2, 3);
  });

  it("names eight winds", () => {
    const to = (dx: number, dy: number) => direction(AT, [AT[0] + dx, AT[1] + dy]);
    expect([to(0, 1), to(1, 0), to(0, -1), to(-1, 0)]).toEqual(["north", "east", "south", "west"]);
    expect(to(-0.001, -0.001)).toBe("south-west");
  });

  it("says how far, where and how long on foot", () => {
    expect(away(AT, [AT[0], AT[1] + 220 / 111_195])).toBe("220 m north, 3 min");
    expect(away(AT, [AT[0], AT[1] - 1400 / 111_195])).toBe("1.4 km south, 18 min");
    expect(away(AT, AT)).toBe("0 m north, 1 min");
  });

  it("orders boxes by distance, and leaves equal ones in the order of the list", () => {
    const boxes = [box(1, 5, 0), box(3, 0, 0), box(2, 0, 0), box(4, -2, 0)];
    const here = { at: centre(box(9, 0, 0).ring), within_m: 10 };
    expect(byDistance(boxes, here).map((b) => b.rank)).toEqual(["3", "2", "4", "1"]);
    expect(byDistance(boxes, null).map((b) => b.rank)).toEqual(["1", "3", "2", "4"]);
  });

  it("measures a box's own metres along its edges", () => {
    const local = localFrame(box(1, 0, 0).ring, 250);
    const corner = local(box(1, 0, 0).ring[0] as Point);
    expect(corner[0]).toBeCloseTo(-125, 3);
    expect(corner[1]).toBeCloseTo(-125, 3);
  });

  it("doubts a position near the edge", () => {
    const b = box(1, 0, 0);
    const middle = centre(b.ring);
    const edge: Point = [b.ring[1]?.[0] ?? 0, middle[1]];
    expect(inside(b, { at: middle, within_m: 15 })).toBe("inside");
    expect(inside(b, { at: [edge[0] + 0.0001, edge[1]], within_m: 50 })).toBe("perhaps");
    expect(inside(b, { at: [edge[0] + 0.01, edge[1]], within_m: 50 })).toBe("outside");
  });
});

describe("what may be given", () => {
  const boxes = [box(1, 0, 0), box(2, 3, 0)];

  it("is nothing before the boxes begin and nothing from their end on", () => {
    const s = sheet(boxes);
    expect(givenBoxes(s, Date.parse(s.from) - 1, UNHEARD, [])).toEqual([]);
    expect(givenBoxes(s, Date.parse(s.from), UNHEARD, [])).toHaveLength(2);
    expect(givenBoxes(s, Date.parse(s.to), UNHEARD, [])).toEqual([]);
  });

  it("leaves out a box at its cap, what waits on the phone counted", () => {
    const [first] = boxes as [Box, Box];
    const waiting = [visit(first, 20)];
    const told = (minutes: number) => ({ offset_s: 0, minutes: { [first.key]: minutes, [boxes[1]!.key]: 0 } });
    expect(givenBoxes(sheet(boxes), DURING, told(24.9), waiting)).toHaveLength(2);
    expect(givenBoxes(sheet(boxes), DURING, told(25), waiting).map((b) => b.rank)).toEqual(["2"]);
  });

  it("leaves out what the site no longer names", () => {
    expect(givenBoxes(sheet(boxes), DURING, { offset_s: 0, minutes: {} }, [])).toEqual([]);
  });

  it("counts a visit for the ground it was on, whatever the map", () => {
    const [first] = boxes as [Box, Box];
    const other = { ...visit(first, 12), box: "f/2018-12-21/d/3/robbery/7" };
    expect(minutesOf(first, UNHEARD, [other])).toBe(12);
  });
});
