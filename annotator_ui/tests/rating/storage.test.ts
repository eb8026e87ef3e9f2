import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type LocalStore, MemoryStore, openStore, WebStorageStore } from "../../src/state/rating/storage";

/** The web's Storage on a map. */
class MapStorage implements Storage {
  private readonly map = new Map<string, string>();
  [name: string]: unknown;

  get length(): number {
    return this.map.size;
  }

  clear(): void {
    this.map.clear();
  }

  getItem(key: string): string | null {
    return this.map.get(key) ?? null;
  }

  key(index: number): string | null {
    return [...this.map.keys()][index] ?? null;
  }

  removeItem(key: string): void {
    this.map.delete(key);
  }

  setItem(key: string, value: string): void {
    this.map.set(key, value);
  }
}

const stores: [string, () => LocalStore][] = [
  ["memory", () => new MemoryStore()],
  ["local storage", () => new WebStorageStore(new MapStorage())],
];

describe.each(stores)("%s", (_name, make) => {
  let store: LocalStore;
  beforeEach(() => {
    store = make();
  });

  test("gives back what was put, and null for what was not", async () => {
    await store.put("draft/a", { blur: 2 });
    expect(await store.get("draft/a")).toEqual({ blur: 2 });
    expect(await store.get("draft/b")).toBeNull();
  });

  test("adds a key only once", async () => {
    expect(await store.add("outbox/a", 1)).toBe(true);
    expect(await store.add("outbox/a", 2)).toBe(false);
    expect(await store.get("outbox/a")).toBe(1);
  });

  test("lists the entries of a prefix and forgets what is deleted", async () => {
    await store.put("outbox/me/a", 1);
    await store.put("outbox/me/b", 2);
    await store.put("outbox/you/c", 3);
    await store.delete("outbox/me/b");
    expect(await store.entries("outbox/me/")).toEqual([["outbox/me/a", 1]]);
  });
});

describe("the store that is opened", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  test("is local storage where IndexedDB is forbidden", async () => {
    vi.stubGlobal("indexedDB", undefined);
    vi.stubGlobal("localStorage", new MapStorage());
    expect((await openStore()).kind).toBe("localstorage");
  });

  test("is memory where both are forbidden", async () => {
    vi.stubGlobal("indexedDB", undefined);
    vi.stubGlobal("localStorage", undefined);
    expect((await openStore()).kind).toBe("memory");
  });
});
