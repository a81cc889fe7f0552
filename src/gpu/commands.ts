/** A function that returns a promise if it can't finish synchronously. */
type Command = () => Promise<void> | void;

/** Executes commands in order: while one is pending, later commands wait. */
export class CommandQueue {
  readonly #waiting: Command[] = [];
  readonly #onError: (error: unknown) => void;
  #busy = false;

  /** @param onError Receives the errors of commands that waited or returned a promise. Other commands throw from `push`. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Whether the next command will run immediately. */
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

  /** Resolves once all commands pushed so far are done. */
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
