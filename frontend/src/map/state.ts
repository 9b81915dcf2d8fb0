// What is shown and what is looked at: one plain object. Map and list draw from it, and both change it here.

export const LAYERS = ["shading", "boxes", "counts", "crimes"] as const;
export type Layer = (typeof LAYERS)[number];

export interface State {
  readonly shown: Readonly<Record<Layer, boolean>>;
  /** The box that was chosen on the map or in the list, by its number. */
  readonly chosen: number | null;
  /** The box under the pointer or the keyboard's focus. */
  readonly pointed: number | null;
}

export interface Store {
  get(): State;
  set(change: Partial<State>): void;
  subscribe(told: (state: State) => void): void;
}

export function store(first: State): Store {
  let state = first;
  const subscribers: ((state: State) => void)[] = [];
  return {
    get: () => state,
    set(change) {
      state = { ...state, ...change };
      for (const told of subscribers) told(state);
    },
    subscribe(told) {
      subscribers.push(told);
      told(state);
    },
  };
}
