import type { CallId, DataSource } from '../worker/protocol';
import type { OpenDataset } from './feed';
import type { CallHandling, Link } from './link';

type Start<T> = (call: CallId, source: DataSource, fail: (error: unknown) => void) => Promise<T>;

/** A call that reads a data set: answers the worker's `need_data` until it ends, then lets the data set go. */
export async function callWithDataset<T>(
  link: Link,
  dataset: OpenDataset,
  start: Start<T>,
  handling: CallHandling<T>,
): Promise<T> {
  try {
    return await callReading(link, dataset, start, handling);
  } finally {
    closeDataset(dataset);
  }
}

/** Not awaited: a data set that is stuck must not hold up the end. */
export function closeDataset({ feed }: OpenDataset): void {
  feed?.close().catch(() => {});
}

/** As `callWithDataset`, from the beginning of a data set that others have read, and which is kept for more of them. */
export async function callReading<T>(
  link: Link,
  { source, feed }: OpenDataset,
  start: Start<T>,
  { signal, onEvent }: CallHandling<T>,
): Promise<T> {
  feed?.rewind();
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
  return link.call(begin, {
    signal,
    onEvent(event) {
      if (event.type === 'need_data') answer(event.count);
      else onEvent?.(event);
    },
  });
}
