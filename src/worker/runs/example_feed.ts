import { untilAborted } from '../../core/abort';
import type { Example } from '../../core/training';

/** Examples asked for at a time: enough to be quick, few enough to be small. */
const CHUNK = 256;

interface Answer {
  readonly examples: readonly Example[];
  readonly done: boolean;
}

/** The page's data set, seen from here: asks for a chunk, waits, gives its examples one by one. */
export class ExampleFeed implements AsyncIterable<Example> {
  readonly #ask: (count: number) => void;
  readonly #signal: AbortSignal;
  #resolve: ((answer: Answer) => void) | undefined;

  constructor(ask: (count: number) => void, signal: AbortSignal) {
    this.#ask = ask;
    this.#signal = signal;
  }

  /** The page's answer; ignored when nothing was asked. */
  push(examples: readonly Example[], done: boolean): void {
    this.#resolve?.({ examples, done });
    this.#resolve = undefined;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Example> {
    for (;;) {
      const { examples, done } = await this.#next();
      yield* examples;
      if (done) return;
    }
  }

  #next(): Promise<Answer> {
    this.#signal.throwIfAborted();
    const answer = new Promise<Answer>((resolve) => {
      this.#resolve = resolve;
    });
    this.#ask(CHUNK);
    return untilAborted(answer, this.#signal);
  }
}
