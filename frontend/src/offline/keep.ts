// Keeps the phone page for when there is no signal, and wipes the phone at sign-out.

import { Drafts } from "./drafts";
import { KEPT, forgetPages } from "./pages";

/** Start the worker and keep this page with all that it loads; tells whether it will open without signal. */
export async function keepPage(): Promise<boolean> {
  if (!window.isSecureContext || !("serviceWorker" in navigator)) return false;
  try {
    await navigator.serviceWorker.register("/worker.js", { scope: "/patrol/" });
    await navigator.serviceWorker.ready;
    const cache = await caches.open(KEPT);
    const lasting = performance
      .getEntriesByType("resource")
      .map((r) => new URL(r.name))
      .filter((a) => a.origin === location.origin && /^\/(static\/|fonts\/|style-)/.test(a.pathname));
    const wanted = [...new Set(lasting.map((a) => a.pathname))];
    // The worker kept what it saw; on the first visit it was not there yet.
    const missing = [];
    for (const path of [location.pathname, ...wanted]) if ((await cache.match(path)) === undefined) missing.push(path);
    await cache.addAll(missing);
    return true;
  } catch {
    return false;
  }
}

/** Ask the browser not to throw away what waits when the phone runs out of room. */
export async function askToPersist(): Promise<void> {
  try {
    await navigator.storage?.persist?.();
  } catch {
    // It may refuse; the strip says where something is kept.
  }
}

/** Leave nothing of this account on the phone. */
export async function wipe(account: number): Promise<void> {
  await forgetPages();
  await (await Drafts.open(account)).wipe();
}
