import { WebVeraError } from '../../core/error';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import type { Head } from '../../models/architecture';
import type { Layers } from '../../models/layers';
import { crossEntropy } from '../../ops/cross_entropy';
import type { Loss } from '../task';

interface ClassificationLoss {
  /** (N, C) */
  readonly hidden: Value;
  readonly layers: Layers;
  readonly inputs: {
    /** u32 (B): the rows of `hidden` that the head reads. */
    readonly rows: Value;
    /** (B): classes as u32, or the numbers to be predicted. */
    readonly targets: Value;
  };
  /** B */
  readonly rows: number;
  readonly block: Value;
  readonly into: ReadonlyMap<Value, Value>;
}

/** Cross-entropy of classes, the squared error of numbers; of each row. */
export function classificationLoss(
  g: Graph,
  head: Head,
  { hidden, layers, inputs, rows, block, into }: ClassificationLoss,
): Loss {
  let logits: Value | undefined;
  const { losses } = crossEntropy(g, {
    hidden,
    project: (some) => {
      logits = head.logits(g, layers, some);
      return logits;
    },
    outputs: head.outputs,
    rows: inputs.rows,
    targets: inputs.targets,
    block,
    chunkRows: rows,
    into,
  });
  if (logits === undefined) throw new WebVeraError('internal', 'A loss of no rows');
  return { losses, chunkRows: rows, logits };
}
