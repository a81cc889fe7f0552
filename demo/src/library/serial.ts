/** Runs tasks one after the other. If a task fails, the next ones still run. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(body: () => Promise<T>): Promise<T> {
    const outcome = this.#last.then(body);
    this.#last = outcome.catch(() => {});
    return outcome;
  }
}
