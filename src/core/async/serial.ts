/** Runs asynchronous functions one after the other, in the order of the calls. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(body: () => Promise<T>): Promise<T> {
    const outcome = this.#last.then(body);
    this.#last = outcome.catch(() => {});
    return outcome;
  }
}
