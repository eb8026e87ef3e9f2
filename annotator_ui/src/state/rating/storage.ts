/**
 * What survives a reload, a killed tab and a crash. `indexeddb` and `localstorage` do; `memory` is what is left when
 * the browser forbids both, and lasts only as long as the page.
 */
export interface LocalStore {
  readonly kind: "indexeddb" | "localstorage" | "memory";
  get<Value>(key: string): Promise<Value | null>;
  put(key: string, value: unknown): Promise<void>;
  /** Writes only if the key is new, in one step also against other tabs; false when it was there. */
  add(key: string, value: unknown): Promise<boolean>;
  delete(key: string): Promise<void>;
  entries<Value>(prefix: string): Promise<[key: string, value: Value][]>;
}

const DATABASE = "roiqa-rating";
const RECORDS = "records";

/** For tests, and for browsers that keep nothing. Values are copied, as the real stores copy them. */
export class MemoryStore implements LocalStore {
  readonly kind = "memory";
  private readonly records = new Map<string, string>();

  async get<Value>(key: string): Promise<Value | null> {
    const text = this.records.get(key);
    return text === undefined ? null : (JSON.parse(text) as Value);
  }

  async put(key: string, value: unknown): Promise<void> {
    this.records.set(key, JSON.stringify(value));
  }

  async add(key: string, value: unknown): Promise<boolean> {
    if (this.records.has(key)) return false;
    this.records.set(key, JSON.stringify(value));
    return true;
  }

  async delete(key: string): Promise<void> {
    this.records.delete(key);
  }

  async entries<Value>(prefix: string): Promise<[string, Value][]> {
    return [...this.records]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, text]) => [key, JSON.parse(text) as Value]);
  }
}

/** Where IndexedDB is forbidden (some private windows). Writes are synchronous, so `add` is safe within the tab. */
export class WebStorageStore implements LocalStore {
  readonly kind = "localstorage";
  private readonly storage: Storage;

  constructor(storage: Storage) {
    this.storage = storage;
  }

  private name(key: string): string {
    return `${DATABASE}:${key}`;
  }

  async get<Value>(key: string): Promise<Value | null> {
    const text = this.storage.getItem(this.name(key));
    return text === null ? null : (JSON.parse(text) as Value);
  }

  async put(key: string, value: unknown): Promise<void> {
    this.storage.setItem(this.name(key), JSON.stringify(value));
  }

  async add(key: string, value: unknown): Promise<boolean> {
    if (this.storage.getItem(this.name(key)) !== null) return false;
    await this.put(key, value);
    return true;
  }

  async delete(key: string): Promise<void> {
    this.storage.removeItem(this.name(key));
  }

  async entries<Value>(prefix: string): Promise<[string, Value][]> {
    const found: [string, Value][] = [];
    const start = this.name(prefix);
    for (let index = 0; index < this.storage.length; index++) {
      const name = this.storage.key(index);
      if (!name?.startsWith(start)) continue;
      const text = this.storage.getItem(name);
      if (text !== null) found.push([name.slice(DATABASE.length + 1), JSON.parse(text) as Value]);
    }
    return found;
  }
}

class IndexedDBStore implements LocalStore {
  readonly kind = "indexeddb";
  private readonly database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.database = database;
  }

  /** Runs one transaction; resolves when it is on the disk, not when it is merely queued. */
  private run<Result>(
    mode: IDBTransactionMode,
    work: (records: IDBObjectStore) => IDBRequest<Result>,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction(RECORDS, mode, { durability: "strict" });
      const request = work(transaction.objectStore(RECORDS));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? new Error("The browser gave up a local write."));
      transaction.onerror = () => reject(transaction.error ?? new Error("The browser refused a local write."));
    });
  }

  async get<Value>(key: string): Promise<Value | null> {
    return ((await this.run("readonly", (records) => records.get(key))) as Value | undefined) ?? null;
  }

  async put(key: string, value: unknown): Promise<void> {
    await this.run("readwrite", (records) => records.put(value, key));
  }

  async add(key: string, value: unknown): Promise<boolean> {
    try {
      await this.run("readwrite", (records) => records.add(value, key));
      return true;
    } catch (error) {
      if ((error as DOMException).name === "ConstraintError") return false;
      throw error;
    }
  }

  async delete(key: string): Promise<void> {
    await this.run("readwrite", (records) => records.delete(key));
  }

  async entries<Value>(prefix: string): Promise<[string, Value][]> {
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
    let keys: IDBValidKey[] = [];
    // Both requests belong to one transaction, so keys and values belong together.
    const values = await this.run<unknown[]>("readonly", (records) => {
      records.getAllKeys(range).onsuccess = (event) => {
        keys = (event.target as IDBRequest<IDBValidKey[]>).result;
      };
      return records.getAll(range);
    });
    return keys.map((key, index) => [String(key), values[index] as Value]);
  }
}

function openDatabase(factory: IDBFactory): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(RECORDS);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB cannot be opened."));
    request.onblocked = () => reject(new Error("Another tab keeps IndexedDB from opening."));
  });
}

/** The best store that this browser really lets us write to. */
export async function openStore(): Promise<LocalStore> {
  try {
    const store = new IndexedDBStore(await openDatabase(globalThis.indexedDB));
    await store.put("probe", 1);
    return store;
  } catch {
    // Forbidden or broken: the next best one is tried.
  }
  try {
    const store = new WebStorageStore(globalThis.localStorage);
    await store.put("probe", 1);
    return store;
  } catch {
    return new MemoryStore();
  }
}
