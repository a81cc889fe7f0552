/** What a command does. Where it can't do all of it yet, it says when it has. */
type Command = () => Promise<void> | void;

/** Commands in their order: while one waits, all that come later do too. */
export class CommandQueue {
  readonly #waiting: Command[] = [];
  readonly #onError: (error: unknown) => void;
  #busy = false;

  /** @param onError Gets what a command throws that had to wait; others throw where they are pushed. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Whether the next command will be done at once. */
  get idle(): boolean {
    return !this.#busy;
  }

  push(command: Command): void {
    if (this.#busy) {
      this.#waiting.push(command);
      return;
    }
    const done = command();
    if (done !== undefined) void this.#drain(done);
  }

  /** Resolves once all that was pushed before is done. */
  settled(): Promise<void> {
    return new Promise((resolve) => this.push(resolve));
  }

  async #drain(first: Promise<void>): Promise<void> {
    this.#busy = true;
    await first.catch(this.#onError);
    for (let command = this.#waiting.shift(); command !== undefined; command = this.#waiting.shift()) {
      try {
        await command();
      } catch (error) {
        this.#onError(error);
      }
    }
    this.#busy = false;
  }
}
