import type { Grid } from '../core/kernels/kernel';
import type { Dispatch } from './program_loader';
import type { SubmitBudget } from './submit_budget';

/** A dispatch, or some of its workgroups. */
export interface DispatchPiece<D extends Sizes = Dispatch> {
  readonly dispatch: D;
  readonly grid: Grid;
  /** The position of the first workgroup in the whole grid. Undefined for a whole dispatch. */
  readonly first: readonly [x: number, y: number] | undefined;
  readonly flops: number;
}

type Sizes = Pick<Dispatch, 'grid' | 'flops' | 'splits'>;

/**
 * Groups dispatches into batches that each fit the budget of a submit. A dispatch that is too long is split, and each of its pieces is a
 * batch. The budget may change between batches.
 */
export function* batchesOf<D extends Sizes>(
  dispatches: Iterable<D>,
  budget: Pick<SubmitBudget, 'flops' | 'dispatchFlops'>,
): Generator<readonly DispatchPiece<D>[]> {
  let batch: DispatchPiece<D>[] = [];
  let flops = 0;
  for (const dispatch of dispatches) {
    for (const piece of piecesOf(dispatch, () => budget.dispatchFlops)) {
      const isCut = piece.first !== undefined;
      if (batch.length > 0 && (isCut || flops + piece.flops > budget.flops)) {
        yield batch;
        batch = [];
        flops = 0;
      }
      if (isCut) {
        yield [piece];
      } else {
        batch.push(piece);
        flops += piece.flops;
      }
    }
  }
  if (batch.length > 0) yield batch;
}

/**
 * Yields the pieces of a dispatch. The longer of the grid's axes x and y is cut into nearly equal lengths, so that each piece has at most
 * `most` FLOPs or is a single workgroup long. Workgroups are independent, so the results are bitwise equal.
 */
function* piecesOf<D extends Sizes>(dispatch: D, most: () => number): Generator<DispatchPiece<D>> {
  const { grid, flops, splits } = dispatch;
  const [x, y = 1, z = 1] = grid;
  const length = Math.max(x, y);
  const affordable = (): number => Math.max(1, Math.floor((most() / flops) * length));
  if (!splits || affordable() >= length) {
    yield { dispatch, grid, first: undefined, flops };
    return;
  }
  for (let begin = 0, count = 0; begin < length; begin += count) {
    const left = length - begin;
    count = Math.ceil(left / Math.ceil(left / affordable()));
    const alongX = x === length;
    yield {
      dispatch,
      grid: alongX ? [count, y, z] : [x, count, z],
      first: alongX ? [begin, 0] : [0, begin],
      flops: (flops / length) * count,
    };
  }
}
