// What is not sent yet, on the phone: encrypted with a key that script cannot read out, gone once it is sent.
// The key lives in the browser's own store; when nothing waits any more it is deleted, and with it what a disk might keep.

import { type DBSchema, type IDBPDatabase, openDB } from "idb";

import type { Item, Stay } from "../patrol/types";

export type Draft = { item: Item | Stay; refused: string };

interface Sealed {
  id: string;
  account: number;
  /** Order of writing. */
  at: number;
  iv: Uint8Array<ArrayBuffer>;
  sealed: ArrayBuffer;
}

/** A key with a name, so that two pages can tell whether they mean the same. */
interface Named {
  name: string;
  key: CryptoKey;
}

interface Schema extends DBSchema {
  drafts: { key: string; value: Sealed };
  keys: { key: string; value: Named };
}

const NAME = "peelian-patrol";
const KEY = "drafts";

export class Drafts {
  private constructor(
    private readonly db: IDBPDatabase<Schema>,
    private readonly account: number,
  ) {}

  /** The drafts of an account; another account's stay closed until it signs in again. */
  static async open(account: number): Promise<Drafts> {
    const db = await openDB<Schema>(NAME, 1, {
      upgrade(made) {
        made.createObjectStore("drafts", { keyPath: "id" });
        made.createObjectStore("keys");
      },
    });
    return new Drafts(db, account);
  }

  /** Keep a draft, or its newer form; throws where the phone has no room. */
  async keep(draft: Draft): Promise<void> {
    const id = draft.item.id;
    const plain = new TextEncoder().encode(JSON.stringify(draft));
    for (;;) {
      const named = (await this.db.get("keys", KEY)) ?? (await newKey());
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, named.key, plain);
      const change = this.db.transaction(["drafts", "keys"], "readwrite", { durability: "strict" });
      const held = await change.objectStore("keys").get(KEY);
      if (held !== undefined && held.name !== named.name) {
        // Another page made a key meanwhile: seal with that one.
        await change.done;
        continue;
      }
      const before = await change.objectStore("drafts").get(id);
      await change.objectStore("keys").put(named, KEY);
      await change.objectStore("drafts").put({ id, account: this.account, at: before?.at ?? Date.now(), iv, sealed });
      await change.done;
      return;
    }
  }

  /** The account's drafts, oldest first, and how many cannot be read or belong to another account. */
  async read(): Promise<{ drafts: Draft[]; unreadable: number; others: number }> {
    const rows = (await this.db.getAll("drafts")).sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
    const own = rows.filter((r) => r.account === this.account);
    const key = (await this.db.get("keys", KEY))?.key;
    const drafts: Draft[] = [];
    for (const row of own) {
      try {
        if (key === undefined) continue;
        const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: row.iv }, key, row.sealed);
        drafts.push(JSON.parse(new TextDecoder().decode(plain)) as Draft);
      } catch {
        // Counted below: a draft sealed with a key that is gone.
      }
    }
    return { drafts, unreadable: own.length - drafts.length, others: rows.length - own.length };
  }

  /** Forget a draft; with the last one goes the key. */
  async forget(...ids: string[]): Promise<void> {
    const change = this.db.transaction(["drafts", "keys"], "readwrite", { durability: "strict" });
    for (const id of ids) await change.objectStore("drafts").delete(id);
    if ((await change.objectStore("drafts").count()) === 0) await change.objectStore("keys").delete(KEY);
    await change.done;
  }

  /** Forget all of the account's drafts, readable or not. */
  async wipe(): Promise<void> {
    const rows = await this.db.getAll("drafts");
    await this.forget(...rows.filter((r) => r.account === this.account).map((r) => r.id));
  }
}

async function newKey(): Promise<Named> {
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  return { name: crypto.randomUUID(), key };
}
