import type { CallId, DataSource } from '../worker/protocol';
import type { OpenDataset } from './feed';
import type { CallHandling, Link } from './link';

/** A call that reads a data set: answers the worker's `need_data` until it ends, then lets the data set go. */
export async function callWithDataset<T>(
  link: Link,
  { source, feed }: OpenDataset,
  start: (call: CallId, source: DataSource, fail: (error: unknown) => void) => Promise<T>,
  { signal, onEvent }: CallHandling<T>,
): Promise<T> {
  let answer: (count: number) => void = () => {};
  const begin = (call: CallId, fail: (error: unknown) => void): Promise<T> => {
    let last: Promise<unknown> = Promise.resolve();
    answer = (count) => {
      last = last
        .then(() => feed?.take(count))
        .then((chunk) => chunk && link.request('pushExamples', call, chunk.examples, chunk.done))
        .catch(fail);
    };
    return start(call, source, fail);
  };
  try {
    return await link.call(begin, {
      signal,
      onEvent(event) {
        if (event.type === 'need_data') answer(event.count);
        else onEvent?.(event);
      },
    });
  } finally {
    feed?.close().catch(() => {}); // not awaited: a data set that is stuck must not hold up the end
  }
}
