import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { dropout } from '../../ops/dropout';

/** The numbers that dropout masks of a pass depend on. */
export interface DropoutSource {
  readonly seed: number;
  /** The step block: it holds step and micro-step. */
  readonly block: Value;
}

/** Drops a share p of the inputs of adapters' branches, each use by a mask of its own. Without a source nothing is dropped. */
export function branchDropout(g: Graph, source: DropoutSource | undefined): (x: Value, p: number) => Value {
  let draws = 0;
  return (x, p) => {
    if (source === undefined || p === 0) return x;
    draws += 1;
    return dropout(g, x, { p, module: draws, ...source });
  };
}
