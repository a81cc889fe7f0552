import { WebVeraError } from '../../core/errors/error';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import type { Head } from '../../models/architecture';
import { expectLabels } from '../../models/labels';
import type { Layers } from '../../models/layers';
import { binaryCrossEntropyWithLogits } from '../../ops/losses/binary_cross_entropy_with_logits';
import { crossEntropy } from '../../ops/losses/cross_entropy';
import { squaredError } from '../../ops/losses/squared_error';
import { supervisedContrast } from '../../ops/losses/supervised_contrast';
import { gatherRows } from '../../ops/rows/gather_rows';
import type { Loss } from '../task/task_loss';
import { expectComparable } from './classifier_arguments';

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
  readonly contrastTemperature: number | undefined;
}

/** Computes a loss for each row: from the head's predictions, or by comparison with the batch's other rows ('contrast'). */
export function classificationLoss(g: Graph, head: Head, parts: ClassificationLoss): Loss {
  const { contrastTemperature: temperature } = parts;
  return temperature === undefined ? lossOfLabels(g, head, parts) : lossOfContrast(g, head, { ...parts, temperature });
}

/** Cross-entropy for classes, binary cross-entropy for several labels at once, squared error for numbers. */
function lossOfLabels(
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

/** Computes the supervised contrastive loss of the head's features. The head's last layer only makes logits for metrics. */
function lossOfContrast(
  g: Graph,
  head: Head,
  { hidden, layers, inputs, B, block, into, temperature }: ClassificationLoss & { readonly temperature: number },
): Loss {
  expectComparable(expectLabels(head.labels));
  const { size: outputs, of } = expectFeatures(head);
  const project = (some: Value): Value => of(g, layers, some);
  const { losses } = supervisedContrast(g, { ...inputs, hidden, project, outputs, block, into, temperature });
  if (into.size > 0) return { losses, chunkRows: B };
  const logits = head.logits(g, layers, gatherRows(g, hidden, inputs.rows, { start: 0, count: B }));
  return { losses, chunkRows: B, logits };
}

function expectFeatures({ features, className }: Head): NonNullable<Head['features']> {
  if (features !== undefined) return features;
  throw new WebVeraError(
    'unsupported_model',
    `objective: expected a head of one layer over features, got ${className}`,
  );
}
