// What the phone holds beside drafts: kept pages, and what it last heard of the site. Gone at sign-out, from any page.

/** The worker's own name for what it keeps (worker.ts). */
export const KEPT = "peelian-patrol-1";
/** Where the phone keeps what it last heard of the site. */
export const HEARD = "peelian-patrol";

export async function forgetPages(): Promise<void> {
  localStorage.removeItem(HEARD);
  if (!("caches" in window)) return; // without https nothing was kept
  for (const name of await caches.keys()) if (name.startsWith("peelian-patrol-")) await caches.delete(name);
}
