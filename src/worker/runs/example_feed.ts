import { untilAborted } from '../../core/async/abort';
import type { SentExample } from '../../core/types/training';

/** Examples per request: enough for few round trips, and few enough for small messages. */
const CHUNK = 256;

interface Answer {
  readonly examples: readonly SentExample[];
  readonly done: boolean;
}

/** The page's data set in the worker: requests chunks of examples, and yields them one by one. */
export class ExampleFeed implements AsyncIterable<SentExample> {
  readonly #ask: (count: number) => void;
  readonly #signal: AbortSignal;
  #resolve: ((answer: Answer) => void) | undefined;

  constructor(ask: (count: number) => void, signal: AbortSignal) {
    this.#ask = ask;
    this.#signal = signal;
  }

  /** Receives the page's answer to a request. Without a request, the answer is ignored. */
  push(examples: readonly SentExample[], done: boolean): void {
    this.#resolve?.({ examples, done });
    this.#resolve = undefined;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SentExample> {
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
