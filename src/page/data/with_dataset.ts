import type { CallId, DatasetName } from '../../worker/protocol';
import type { CallHandling, Link } from '../rpc/link';
import type { OpenDataset } from './feed';

type Start<T> = (call: CallId, fail: (error: unknown) => void) => Promise<T>;

/** Makes a call that reads a data set: answers the call's `need_data` events until the call ends, then closes the data set. */
export async function callWithDataset<T>(
  link: Link,
  dataset: OpenDataset,
  start: Start<T>,
  handling: CallHandling<T>,
): Promise<T> {
  try {
    return await callReading(link, [dataset], start, handling);
  } finally {
    closeDataset(dataset);
  }
}

/** Closes a data set without waiting for it, so that a data set that is stuck doesn't delay the end of the call. */
export function closeDataset({ feed }: OpenDataset): void {
  feed?.close().catch(() => {});
}

/**
 * Does the same as `callWithDataset`, for data sets that several calls read: starts each data set at its beginning, and closes none of
 * them.
 */
export async function callReading<T>(
  link: Link,
  datasets: readonly OpenDataset[],
  start: Start<T>,
  { signal, onEvent }: CallHandling<T>,
): Promise<T> {
  for (const { feed } of datasets) feed?.rewind();
  let answer: (name: DatasetName, count: number) => void = () => {};
  const begin = (call: CallId, fail: (error: unknown) => void): Promise<T> => {
    let last: Promise<unknown> = Promise.resolve();
    answer = (name, count) => {
      const feed = datasets.find((dataset) => dataset.name === name)?.feed;
      last = last
        .then(() => feed?.take(count))
        .then((chunk) => chunk && link.request('pushExamples', call, name, chunk.examples, chunk.done))
        .catch(fail);
    };
    return start(call, fail);
  };
  return link.call(begin, {
    signal,
    onEvent(event) {
      if (event.type === 'need_data') answer(event.dataset, event.count);
      else onEvent?.(event);
    },
  });
}
