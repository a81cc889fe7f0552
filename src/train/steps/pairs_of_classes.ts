import { groupBy } from '../../core/input/group_by';
import { randomAt } from '../../core/numbers/rng';
import type { TaskBatches } from '../../tasks/task/task_batches';

/** The number of successive rows of one class. A batch with an even number of rows contains whole pairs only. */
const PAIR = 2;
/** The index of the first random number for pairs. The numbers before it serve to shuffle the rows. */
const FIRST_OF_PAIRS = 2 ** 40;

interface ClassPair<Row> {
  readonly rows: readonly Row[];
  /** The pair's relative position in the epoch, from 0 to 1; 2 for a row that is left over. */
  readonly place: number;
}

/**
 * Sorts shuffled rows into pairs of one class, so that a batch has at least two rows of each of its classes. The pairs of each class are
 * spread evenly over the epoch, so that each batch has as many classes as possible. The rows that are left over in classes with an odd
 * number of rows come last.
 */
export function pairsOfClasses<Row>(
  { classOf }: Pick<TaskBatches<Row>, 'classOf'>,
  shuffled: readonly Row[],
  { seed, epoch }: { readonly seed: number; readonly epoch: number },
): readonly Row[] {
  const classes = groupBy(shuffled, (row) => classOf?.(row) ?? 0);
  const random = (pair: number): number => randomAt({ seed, stream: 'shuffle', at: epoch }, FIRST_OF_PAIRS + pair);
  const pairs: ClassPair<Row>[] = [];
  for (const rows of classes.values()) {
    const whole = Math.floor(rows.length / PAIR);
    for (let start = 0; start < rows.length; start += PAIR) {
      const place = start / PAIR < whole ? (start / PAIR + random(pairs.length)) / whole : 2;
      pairs.push({ rows: rows.slice(start, start + PAIR), place });
    }
  }
  return pairs.sort((a, b) => a.place - b.place).flatMap(({ rows }) => rows);
}
