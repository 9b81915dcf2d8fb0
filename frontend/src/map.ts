// Tonight's map and a box's page: the lists send themselves, the switches act at once, and the picture becomes a map
// that moves. All of it comes after the page can be read, and the page does without it.
import { places } from "./api/places";
import { bindPage } from "./map/page";
import { type State, store } from "./map/state";

document.documentElement.classList.add("scripted");

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sends-itself]")) {
  // With the keys a list changes at every step: then the button sends it, when the reader is done.
  form.addEventListener("keydown", () => form.classList.add("by-key"));
  form.addEventListener("pointerdown", () => form.classList.remove("by-key"));
  form.addEventListener("change", () => {
    if (!form.classList.contains("by-key")) form.requestSubmit();
  });
  // Going back finds the lists as the page was made, not as they were left.
  window.addEventListener("pageshow", () => form.reset());
}

const figure = document.querySelector<HTMLElement>(".sight[data-places]");
if (figure) {
  const shown = JSON.parse(figure.dataset["shown"] ?? "{}") as State["shown"];
  const state = store({ shown, chosen: null, pointed: null });
  bindPage(figure, state);
  endWithPeriod(Number(figure.dataset["endsIn"]));
  whenSeen(figure, async () => {
    const address = figure.dataset["basemap"];
    try {
      const [drawn, { move }, below] = await Promise.all([
        places(figure.dataset["places"] ?? ""),
        import("./map/moving"),
        address ? import("./map/basemap").then(({ basemap }) => basemap(address)).catch(spoilt) : null,
      ]);
      await move(figure, drawn, below, state);
    } catch (error) {
      // No WebGL, no network: the page's own picture says all that the map would.
      console.warn("the map does not move here:", error);
      figure.dataset["map"] = "still";
      figure.querySelector(".moving")?.remove();
    }
  });
}

/** A basemap that cannot be read is left out: our own streets are enough. */
function spoilt(error: unknown): null {
  console.warn("the basemap cannot be read:", error);
  return null;
}

/** A page left open does not outlive its boxes: at their end it is asked for anew, and says so. */
function endWithPeriod(seconds: number): void {
  if (!(seconds > 0)) return;
  const end = performance.now() + seconds * 1000;
  const check = () => {
    if (performance.now() >= end) location.reload();
  };
  // A computer that slept wakes late: the clock is asked again when somebody looks.
  window.setInterval(check, 20_000);
  document.addEventListener("visibilitychange", check);
  window.setTimeout(check, Math.min(seconds * 1000, 2 ** 31 - 1));
}

/** Call once the element is in sight, or nearly. */
function whenSeen(element: HTMLElement, then: () => void): void {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      then();
    },
    { rootMargin: "300px" },
  );
  observer.observe(element);
}
