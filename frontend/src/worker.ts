// The page's own worker (served as /worker.js for /patrol/): keeps the phone page, its map and its scripts, so that they
// open without signal. It sends nothing and keeps no visit: those wait, encrypted, in the page's store (offline/drafts).
// It imports nothing: it is one file at the root.

const worker = self as unknown as ServiceWorkerGlobalScope;

/** Another name is another set of kept pages; the older ones go. */
const KEPT = "peelian-patrol-1";
/** Only the phone pages themselves; briefings and the sergeant's page need the site. */
const PHONE = /^\/patrol\/at\/[^/]+\/[^/]+\/[^/]+\/$/;
const DOOR = "/patrol/";
/** What never changes under its name: styles, fonts, built scripts, icons. */
const LASTING = /^\/(static\/|fonts\/|style-)/;
/** With one bar of signal a page may hang for minutes: then the kept one is shown. */
const PATIENCE_MS = 4000;

worker.addEventListener("install", () => void worker.skipWaiting());

worker.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith("peelian-patrol-") && name !== KEPT) await caches.delete(name);
      }
      await worker.clients.claim();
    })(),
  );
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== worker.location.origin) return;
  if (request.mode === "navigate" && (PHONE.test(address.pathname) || address.pathname === DOOR)) {
    event.respondWith(opened(event, address.pathname));
  } else if (LASTING.test(address.pathname)) {
    event.respondWith(lasting(request));
  }
});

/** The page from the site; the kept one where the site cannot be reached, or is unwell. */
async function opened(event: FetchEvent, path: string): Promise<Response> {
  const cache = await caches.open(KEPT);
  const fresh = fetch(event.request).then(async (answer) => {
    if (answer.ok && PHONE.test(path)) await cache.put(path, answer.clone());
    return answer;
  });
  event.waitUntil(fresh.catch(() => undefined));
  const kept = async (): Promise<Response | undefined> => (await cache.match(path)) ?? (path === DOOR ? last(cache) : undefined);
  try {
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE_MS, undefined));
    const answer = await Promise.race([fresh, late]);
    if (answer !== undefined && answer.status < 500) return answer;
    return (await kept()) ?? (await fresh);
  } catch (error) {
    const page = await kept();
    if (page === undefined) throw error;
    return page;
  }
}

/** The phone page that was opened last: what the installed app begins with when there is no signal. */
async function last(cache: Cache): Promise<Response | undefined> {
  const pages = (await cache.keys()).filter((r) => PHONE.test(new URL(r.url).pathname));
  const newest = pages.at(-1);
  return newest === undefined ? undefined : cache.match(newest);
}

async function lasting(request: Request): Promise<Response> {
  const cache = await caches.open(KEPT);
  const kept = await cache.match(request, { ignoreVary: true });
  if (kept !== undefined) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}
