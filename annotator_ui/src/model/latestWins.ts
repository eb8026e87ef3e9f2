/**
 * Asks one question at a time and the latest one next: whoever moves fast is answered about where they are, not about
 * where they were. At most one question is under way and one waits.
 */
export class LatestWins<Question, Answer> {
  readonly #ask: (question: Question) => Promise<Answer>;
  readonly #show: (answer: Answer | null) => void;
  #latest: Question | null = null;
  #waiting: Question | null = null;
  #busy = false;
  /** Whether the latest question has been answered. */
  #settled = true;

  /** `show` hears `null` for an answer that failed. */
  constructor(ask: (question: Question) => Promise<Answer>, show: (answer: Answer | null) => void) {
    this.#ask = ask;
    this.#show = show;
  }

  want(question: Question): void {
    this.#latest = question;
    this.#waiting = question;
    this.#settled = false;
    void this.#pump();
  }

  /** The latest question is answered already, by `answer`, or there is none. */
  settle(answer: Answer | null): void {
    this.#latest = null;
    this.#waiting = null;
    this.#settled = true;
    this.#show(answer);
  }

  async #pump(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let question = this.#waiting; question !== null; question = this.#waiting) {
      this.#waiting = null;
      const answer = await this.#ask(question).catch(() => null);
      // An answer that is late is better than none, and worse than one that was shown already.
      if (!this.#settled) this.#show(answer);
      if (question === this.#latest) this.#settled = true;
    }
    this.#busy = false;
  }
}
