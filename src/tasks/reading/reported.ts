import type { ReadProgress } from '../../core/types/run';
import type { RowSource } from '../task/task_data';

/** The progress of reading a data set. */
export type ReadCount = Omit<ReadProgress, 'dataset'>;

/** The fewest bytes of a file, or examples, between two reports. */
const LEAST = { blob: 2 ** 20, examples: 100 };

/** A data set that reports how much of it has been read, at most once for each percent. */
export function reported(source: RowSource, report: (read: ReadCount) => void): RowSource {
  const total = source.kind === 'blob' ? source.blob.size : source.length;
  let loaded = 0;
  let last = 0;
  const onRead = (count: number): void => {
    loaded += count;
    // Without a known end reports become rarer, so that an endless data set makes no endless list of them.
    const percent = (total ?? 10 * loaded) / 100;
    if (loaded - last < Math.max(LEAST[source.kind], percent)) return;
    last = loaded;
    report({ loaded, total });
  };
  return { ...source, onRead };
}
