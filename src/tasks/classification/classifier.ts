import { numel } from '../../core/numbers/shape';
import type { GivenInputs, Tensor } from '../../core/types/tensor';
import type { Graph } from '../../graph/graph';
import type { Runner } from '../../graph/runner';
import { pinned, type Value } from '../../graph/value';
import type { Head } from '../../models/architecture';
import { expectLabels, type Labels, targetsPerRow } from '../../models/labels';
import { gatherRows } from '../../ops/rows/gather_rows';
import { imagePooling } from '../pooling/image_pooling';
import { pooled } from '../pooling/pooled';
import type { Batch, BatchInputs } from '../task/task_batches';
import type { RowView, SolvableHead } from '../task/task_head';
import type { LogitsParts, Loss, LossParts } from '../task/task_loss';
import type { Measured, Predicted } from '../task/task_metrics';
import type { Predictor } from '../task/task_prediction';
import { classificationLoss } from './classification_loss';
import { ONE_HALF } from './example_labels';
import { predictionMetricNames, predictionMetrics, predictionsOf } from './prediction_metrics';
import { rankedScores } from './ranked_scores';
import { type BatchTargets, noTarget, type RowTarget } from './row_targets';

/** A batch in which the head reads one vector per row: a hidden state or a pooled vector. */
export interface ClassifiedBatch extends Batch, BatchTargets {
  /** (B): the indices of the vectors that the head reads: flat positions of hidden states, or rows of pooled vectors. */
  readonly rows: Uint32Array<ArrayBuffer>;
}

export interface HeadInputs {
  /** u32 (B): the indices of the vectors that the head reads: flat positions of hidden states, or rows of pooled vectors. */
  readonly rows: Value;
  /** Classes as u32 (B), or a number for each label (B, labels). */
  readonly targets: Value;
  /** (B): the weight of each row's loss. */
  readonly weights: Value;
  /** (K, B·T): the weights from `poolingWeights`, for a head that reads vectors pooled in K modes. */
  readonly pooling?: Value;
}

/** The head, loss, metrics and predictions of all tasks that predict labels or numbers for whole inputs. */
export class Classifier<
  B extends ClassifiedBatch,
  Inputs extends BatchInputs & HeadInputs,
  Row extends RowTarget = RowTarget,
> {
  readonly metricNames: readonly string[];
  readonly lowerIsBetter = ['eval_loss'];
  readonly solvable: SolvableHead<Row, Inputs> | undefined;
  protected readonly head: Head;
  protected readonly labels: Labels;

  /** `views` as in `SolvableHead`. Throws `unsupported_model` for a head without labels. */
  constructor(head: Head, views: readonly RowView<Row>[] = []) {
    this.head = head;
    this.labels = expectLabels(head.labels);
    this.metricNames = ['eval_loss', ...predictionMetricNames(this.labels)];
    const solvable = solvableHead(head, this.labels);
    this.solvable = solvable && { ...solvable, views };
  }

  classOf({ targets: [label = 0] }: RowTarget): number {
    return label;
  }

  isUneven({ weight }: RowTarget): boolean {
    return this.labels.problem === 'regression' || weight !== 1;
  }

  loss(g: Graph, { shape, ...parts }: LossParts<Inputs>): Loss {
    return classificationLoss(g, this.head, { ...parts, hidden: vectorsOf(g, this.head, parts), B: shape.B });
  }

  /** (B, num_labels) */
  logits(g: Graph, parts: LogitsParts<Inputs>): Value {
    return this.head.logits(g, parts.layers, readByHead(g, this.head, parts));
  }

  predictions({ B, targets }: B, logits: Float32Array): Predicted {
    return { predicted: predictionsOf(logits.subarray(0, B * this.head.outputs), this.labels), targets: [...targets] };
  }

  metrics({ loss, labelled, predicted, targets }: Measured): Readonly<Record<string, number>> {
    return { eval_loss: loss, ...predictionMetrics(predicted, targets, this.labels), eval_rows: labelled };
  }

  /** (B, num_labels) */
  logitsOf(data: Float32Array, _inputs: GivenInputs, { B }: B): Tensor {
    const dims = [B, this.head.outputs];
    return { dims, data: data.slice(0, numel(dims)) };
  }

  /** Makes a predictor from `read`, which encodes an example and ignores its label. `check` as in `Predictor`. */
  protected predictorOf<Input extends object>(
    read: Predictor<Input>['unlabelled'],
    check?: Predictor<Input>['check'],
  ): Predictor<Input & RowTarget> {
    return {
      check,
      labels: this.labels.names,
      threshold: this.labels.problem === 'multi_label_classification' ? ONE_HALF : undefined,
      unlabelled: async (...example) => ({ ...(await read(...example)), ...noTarget(this.labels) }),
      scores: (logits) => rankedScores(logits, this.labels),
    };
  }

  /** Creates the head's inputs for B rows. */
  protected headInputs(B: number): HeadInputs {
    const isClass = this.labels.problem === 'single_label_classification';
    return {
      rows: pinned('rows of the head', [B], 'u32'),
      targets: isClass ? pinned('targets', [B], 'u32') : pinned('targets', [B, targetsPerRow(this.labels)]),
      weights: pinned('weights of rows', [B]),
    };
  }

  protected writeHead(runner: Runner, { rows, targets, weights }: HeadInputs, batch: ClassifiedBatch): void {
    runner.write(rows, batch.rows);
    runner.write(weights, batch.weights);
    runner.write(targets, targets.dtype === 'u32' ? Uint32Array.from(batch.targets) : batch.targets);
  }
}

/** Returns the matrix from which a head reads rows: hidden states (N, C), or pooled vectors (B, K·C). */
function vectorsOf(g: Graph, head: Head, { hidden, layers, inputs }: LogitsParts<BatchInputs & HeadInputs>): Value {
  const { pooling: weights, spans } = inputs;
  const pooling = imagePooling(head) ?? head.pooling;
  return pooling && weights ? pooled(g, { hidden, layers, inputs: { pooling: weights, spans } }, pooling) : hidden;
}

/** Returns the vectors that a head reads: (B, C), or (B, K·C) if they are pooled. */
function readByHead(g: Graph, head: Head, parts: LogitsParts<BatchInputs & HeadInputs>): Value {
  const { rows } = parts.inputs;
  const [count = 0] = rows.shape;
  return gatherRows(g, vectorsOf(g, head, parts), rows, { start: 0, count });
}

function solvableHead(
  head: Head,
  labels: Labels,
): Omit<SolvableHead<RowTarget, BatchInputs & HeadInputs>, 'views'> | undefined {
  const { features, lastLayer } = head;
  if (features === undefined || lastLayer === undefined) return undefined;
  return {
    labels,
    lastLayer,
    size: features.size,
    features: (g, parts) => features.of(g, parts.layers, readByHead(g, head, parts)),
    targets: (row) => row,
  };
}
