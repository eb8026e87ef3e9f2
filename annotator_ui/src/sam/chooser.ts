import { ApiError } from "../api/errors";
import type { HomeKind } from "../model/edits";
import type { DecodeRequest, Home, SamImage, SamModel } from "./homes";
import type { Decoded } from "./messages";

/** Where the decoder runs now, and why. Milliseconds are of one mask, as measured on this device. */
export interface HomeStatus {
  readonly using: HomeKind;
  readonly browserMs: number | null;
  readonly serverMs: number | null;
  /** Why it is not the faster one; empty otherwise. */
  readonly reason: string;
}

/** What was measured, as it is kept in this browser. */
interface Measured {
  readonly browserMs: number;
  readonly serverMs: number;
  readonly at: number;
}

export interface ChooserParts {
  readonly server: Home;
  readonly openBrowser: () => Promise<Home>;
  readonly storage: Pick<Storage, "getItem" | "setItem">;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly clock: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

/** Networks and machines change: after a week it is measured anew. */
const VALID_MS = 7 * 24 * 3600 * 1000;
const RUNS = 3;
const PAUSE_S = 5;
const ATTEMPTS = 4;

/** Runs the decoder where it is faster, and where it still runs when one place fails. */
export class HomeChooser {
  readonly #parts: ChooserParts;
  readonly #storageKey: string;
  readonly #listeners = new Set<() => void>();
  #browser: Home | null = null;
  #opening: Promise<Home | null> | null = null;
  #broken = "";
  /** The server is not asked before this time. */
  #serverBack = 0;
  #measured: Measured | null;
  #measuring: Promise<void> | null = null;
  #status: HomeStatus;

  constructor(model: SamModel, parts: ChooserParts) {
    this.#parts = parts;
    this.#storageKey = `roiqa:sam-home:${model.id}:${model.decoder.sha256.slice(0, 16)}`;
    this.#measured = this.#stored();
    this.#status = { using: "server", ...this.#times(), reason: "" };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly status = (): HomeStatus => this.#status;

  /** Loads the browser's decoder where it may be wanted, and measures both on this image unless that is known. */
  prepare(image: SamImage): Promise<void> {
    if (this.#measured !== null && !this.#browserWins()) return Promise.resolve();
    this.#measuring ??= this.#open().then((home) =>
      home === null || this.#measured ? undefined : this.#measure(home, image),
    );
    return this.#measuring;
  }

  /**
   * The decoder's answer, from the better home or from the other one. `patient` waits when the server is busy and there is no
   * other home: a click must not be lost, a hover may be.
   */
  async decode(request: DecodeRequest, patient: boolean): Promise<Decoded & { complete: boolean; home: HomeKind }> {
    for (let attempt = 1; ; attempt++) {
      const home = await this.#homeNow();
      try {
        const decoded = await home.decode(request);
        this.#use(home.kind);
        return { ...decoded, home: home.kind };
      } catch (error) {
        const other = this.#failed(home, error);
        if (!other && !(patient && isPassing(error) && attempt < ATTEMPTS)) throw error;
        if (attempt >= ATTEMPTS) throw error;
        if (!other) await this.#parts.wait(Math.max(0, this.#serverBack - this.#parts.now()));
      }
    }
  }

  /** Notes a failure. True when another home can be asked at once. */
  #failed(home: Home, error: unknown): boolean {
    if (home === this.#browser) {
      this.#browser = null;
      this.#broken = error instanceof Error ? error.message : String(error);
      return this.#serverIsUp();
    }
    if (!isPassing(error)) return false;
    const seconds = error instanceof ApiError ? (error.retryAfter ?? PAUSE_S) : PAUSE_S;
    this.#serverBack = this.#parts.now() + 1000 * seconds;
    return this.#browser !== null || this.#broken === "";
  }

  async #homeNow(): Promise<Home> {
    const { server } = this.#parts;
    if (!this.#serverIsUp() && this.#broken === "") return (await this.#open()) ?? server;
    return this.#browser !== null && this.#measured !== null && this.#browserWins() ? this.#browser : server;
  }

  #serverIsUp(): boolean {
    return this.#parts.now() >= this.#serverBack;
  }

  #browserWins(): boolean {
    return this.#measured !== null && this.#measured.browserMs <= this.#measured.serverMs;
  }

  #open(): Promise<Home | null> {
    if (this.#broken !== "") return Promise.resolve(null);
    this.#opening ??= this.#parts.openBrowser().then(
      (home) => {
        this.#browser = home;
        return home;
      },
      (error: unknown) => {
        this.#broken = error instanceof Error ? error.message : String(error);
        this.#use("server");
        return null;
      },
    );
    return this.#opening;
  }

  async #measure(browser: Home, image: SamImage): Promise<void> {
    try {
      const [browserMs, serverMs] = [await this.#time(browser, image), await this.#time(this.#parts.server, image)];
      this.#measured = { browserMs, serverMs, at: this.#parts.now() };
      this.#keep(this.#measured);
      this.#use(this.#browserWins() ? browser.kind : "server");
    } catch {
      // One of them does not work now: whichever answers is used, and the next page measures again.
      this.#measuring = null;
    }
  }

  /** Middle one of a few runs, after one that does not count. */
  async #time(home: Home, image: SamImage): Promise<number> {
    const [height, width] = image.frame.imageSize;
    const event = { type: "point", x: Math.floor(width / 2), y: Math.floor(height / 2), positive: true } as const;
    const request: DecodeRequest = {
      image,
      steps: [{ event, candidate: null }],
      previous: null,
      wanted: { offset: 0 },
    };
    await home.decode(request);
    const times: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      const began = this.#parts.clock();
      await home.decode(request);
      times.push(this.#parts.clock() - began);
    }
    return times.sort((a, b) => a - b)[Math.floor(RUNS / 2)] ?? 0;
  }

  #use(using: HomeKind): void {
    const status = { using, ...this.#times(), reason: this.#reason(using) };
    if (JSON.stringify(status) === JSON.stringify(this.#status)) return;
    this.#status = status;
    for (const listener of this.#listeners) listener();
  }

  #times(): Pick<HomeStatus, "browserMs" | "serverMs"> {
    return { browserMs: this.#measured?.browserMs ?? null, serverMs: this.#measured?.serverMs ?? null };
  }

  #reason(using: HomeKind): string {
    if (using === "server") return this.#broken;
    return this.#serverIsUp() ? "" : "The server does not answer or is busy.";
  }

  #stored(): Measured | null {
    try {
      const found = JSON.parse(this.#parts.storage.getItem(this.#storageKey) ?? "null") as Measured | null;
      return found !== null && this.#parts.now() - found.at < VALID_MS ? found : null;
    } catch {
      return null;
    }
  }

  #keep(measured: Measured): void {
    try {
      this.#parts.storage.setItem(this.#storageKey, JSON.stringify(measured));
    } catch {
      // A browser that keeps nothing measures on every page.
    }
  }
}

/** Whether the same request may be answered later: the server is busy, ill or out of reach. */
function isPassing(error: unknown): boolean {
  return error instanceof ApiError && error.isTransient;
}
