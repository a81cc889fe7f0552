import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import type { Head } from '../../models/architecture';
import { expectLabels } from '../../models/labels';
import type { Layers } from '../../models/layers';
import { binaryCrossEntropyWithLogits } from '../../ops/losses/binary_cross_entropy_with_logits';
import { crossEntropy } from '../../ops/losses/cross_entropy';
import { squaredError } from '../../ops/losses/squared_error';
import type { Loss } from '../task/task_loss';

interface ClassificationLoss {
  /** (N, C) */
  readonly hidden: Value;
  readonly layers: Layers;
  readonly inputs: {
    /** u32 (B): the rows of `hidden` that the head reads. */
    readonly rows: Value;
    /** Classes as u32 (B), or a number for each label (B, labels). */
    readonly targets: Value;
    /** (B): the weight of each row's loss. */
    readonly weights: Value;
  };
  readonly B: number;
  readonly block: Value;
  readonly into: ReadonlyMap<Value, Value>;
  readonly smoothing: number;
}

/** A loss for each row: cross-entropy of classes, binary cross-entropy of several labels at once, the squared error of numbers. */
export function classificationLoss(
  g: Graph,
  head: Head,
  { hidden, layers, inputs: { rows, targets, weights }, B, block, into, smoothing }: ClassificationLoss,
): Loss {
  const project = (some: Value): Value => head.logits(g, layers, some);
  const common = { hidden, project, outputs: head.outputs, rows, targets, block, chunkRows: B, into };
  const emit = {
    single_label_classification: () => crossEntropy(g, { ...common, weights, smoothing }),
    multi_label_classification: () => binaryCrossEntropyWithLogits(g, common),
    regression: () => squaredError(g, common),
  }[expectLabels(head.labels).problem];
  const { losses, logits } = emit();
  const [all] = logits;
  return { losses, chunkRows: B, ...(all && { logits: all }) };
}
