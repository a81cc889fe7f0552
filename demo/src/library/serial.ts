/** Runs tasks one after the other, also after one that fails. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(body: () => Promise<T>): Promise<T> {
    const outcome = this.#last.then(body);
    this.#last = outcome.catch(() => {});
    return outcome;
  }
}
