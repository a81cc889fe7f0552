import type { ReadProgress } from '../../core/types/run';
import type { RowSource } from '../task/task_data';

/** The progress of reading a data set. */
export type ReadCount = Omit<ReadProgress, 'dataset'>;

/** The smallest number of bytes (of a file) or of examples between two reports. */
const LEAST = { blob: 2 ** 20, examples: 100 };

/** Returns a data set that reports how much of it has been read: at most once per percent, if its size is known. */
export function reported(source: RowSource, report: (read: ReadCount) => void): RowSource {
  const total = source.kind === 'blob' ? source.blob.size : source.length;
  let loaded = 0;
  let last = 0;
  const onRead = (count: number): void => {
    loaded += count;
    // If the size isn't known, reports become rarer as more is read, so that their number stays small.
    const percent = (total ?? 10 * loaded) / 100;
    if (loaded - last < Math.max(LEAST[source.kind], percent)) return;
    last = loaded;
    report({ loaded, total });
  };
  return { ...source, onRead };
}
