import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { dropout } from '../../ops/dropout';

/** The seed and the step that determine the dropout masks of a forward pass. */
export interface DropoutSource {
  readonly seed: number;
  /** The buffer that holds the number of the current step and of the micro-step in it. */
  readonly block: Value;
}

/**
 * Returns a function that drops elements of x, the input of an adapter's branch, with probability p, with a new mask for each call. Without
 * a source it drops no elements.
 */
export function branchDropout(g: Graph, source: DropoutSource | undefined): (x: Value, p: number) => Value {
  let draws = 0;
  return (x, p) => {
    if (source === undefined || p === 0) return x;
    draws += 1;
    return dropout(g, x, { p, module: draws, ...source });
  };
}
