/** What a command does. Where it can't do all of it yet, it says when it has. It doesn't throw. */
export type Command = () => Promise<void> | void;

/** Commands in their order: while one waits, all that come later do too. */
export class CommandQueue {
  readonly #waiting: Command[] = [];
  #busy = false;

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

  async #drain(first: Promise<void>): Promise<void> {
    this.#busy = true;
    await first;
    for (let command = this.#waiting.shift(); command !== undefined; command = this.#waiting.shift()) await command();
    this.#busy = false;
  }
}
