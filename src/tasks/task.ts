import type { Warning } from '../core/errors/warning';
import type { LabelScore } from '../core/types/prediction';
import type { ImagePreview, Preview } from '../core/types/preview';
import type { GivenInputs, Tensor } from '../core/types/tensor';
import type { FileFormat, ResolvedTrainingArguments, SentExample } from '../core/types/training';
import type { Graph } from '../graph/graph';
import type { Runner } from '../graph/runner';
import type { Value } from '../graph/value';
import type { InputName } from '../models/architecture';
import type { Layers } from '../models/layers';

export interface BatchShape {
  /** Rows. */
  readonly B: number;
  /** Tokens per row, padding included. */
  readonly T: number;
}

/** Some rows as the device takes them. What else is in it only its task knows. */
export interface Batch extends BatchShape {
  /** Predictions that something is learned from: what the loss is a mean over. */
  readonly labelled: number;
}

/** What a batch brings, as pinned buffers that the host writes before each run. */
export interface BatchInputs {
  /** What the network takes in. */
  readonly network: Readonly<Partial<Record<InputName, Value>>>;
  /** u32 (B,T,2): of `attentionSpans`. */
  readonly spans: Value;
}

/** A data set as it comes: a file, or examples one after the other. */
export type RowSource = ReadObserver &
  (
    | { readonly kind: 'blob'; readonly blob: Blob; readonly format: FileFormat }
    | {
        readonly kind: 'examples';
        readonly examples: AsyncIterable<unknown> | Iterable<unknown>;
        /** How many examples there are, if that is known before they are read. */
        readonly length?: number | undefined;
      }
  );

interface ReadObserver {
  /** Called for each part of a file with its bytes, and for each example with 1. */
  readonly onRead?: ((count: number) => void) | undefined;
}

export interface CollectedRows<Row> {
  /** At least one. */
  readonly rows: readonly Row[];
  /** Of what isn't learned, where that isn't what it looks like. */
  readonly warnings: readonly Warning[];
}

export interface CollectOptions {
  readonly args: ResolvedTrainingArguments;
  /** What the rows are for: in training an example that is too long may lose its end, where evaluation takes all of it. */
  readonly purpose: 'training' | 'evaluation';
  readonly signal: AbortSignal;
}

/** What logits are made of. */
export interface LogitsParts<Inputs extends BatchInputs> {
  /** The network's last hidden states: (N, C). */
  readonly hidden: Value;
  readonly layers: Layers;
  readonly inputs: Inputs;
}

/** What a loss is made of. */
export interface LossParts<Inputs extends BatchInputs> extends LogitsParts<Inputs> {
  readonly shape: BatchShape;
  /** The step block, from which it reads. */
  readonly block: Value;
  /** What trains, each with where its gradients accumulate. */
  readonly into: ReadonlyMap<Value, Value>;
  /** `label_smoothing_factor` while something trains, else 0. */
  readonly smoothing: number;
}

export interface Loss {
  /** Of each chunk, to be summed up. */
  readonly losses: Value;
  /** Labelled rows per chunk. */
  readonly chunkRows: number;
  /** Set where metrics are made of them, of all labelled rows: (rows, outputs). They stay as they are while nothing trains. */
  readonly logits?: Value;
}

/** What users compare, by name. */
export type Metrics = Readonly<Record<string, number>>;

export interface TaskMetrics {
  /** Those among its metrics that say how good a model is. */
  readonly metricNames: readonly string[];
}

export interface PreviewArguments {
  readonly args: ResolvedTrainingArguments;
  readonly signal: AbortSignal;
}

export interface UnlabelledOptions {
  readonly args: BatchArguments;
  readonly signal: AbortSignal;
}

/** What tells labels of inputs that have none. */
export interface Predictor<Row> {
  /** Throws `invalid_argument` and `invalid_format`, naming the input, and what `signal` is aborted with. */
  unlabelled(example: SentExample, where: string, options: UnlabelledOptions): Row | Promise<Row>;
  /** By rows, the likeliest label first. */
  scores(logits: Float32Array): readonly (readonly LabelScore[])[];
}

/** What was measured over batches, without gradients. */
export interface Measured<B extends Batch = Batch> {
  /** The mean over all that was predicted, and how much that is. */
  readonly loss: number;
  readonly labelled: number;
  /** For a task whose loss gives logits, those of each batch, at the beginning of what was read. */
  readonly outputs: readonly { readonly batch: B; readonly logits: Float32Array }[];
}

/** Of a run's arguments, what shapes its batches. */
export type BatchArguments = Pick<ResolvedTrainingArguments, 'max_length' | 'per_device_train_batch_size'>;

/**
 * What a network is used for: how examples become rows and rows a batch, what stands on the hidden states, and what is learned.
 * `Row`: an example as numbers; others only count rows and order them.
 */
export interface Task<Row = unknown, B extends Batch = Batch, Inputs extends BatchInputs = BatchInputs>
  extends TaskMetrics {
  /**
   * Reads a data set to its end, once. Gives way to other work now and then. Throws `invalid_argument` (naming the example or
   * line), `invalid_format` for broken files, `limit_exceeded` for more than memory should hold, and what `signal` is aborted with.
   */
  collect(source: RowSource, options: CollectOptions): Promise<CollectedRows<Row>>;
  /** An example as the network takes it in. Throws as `collect` does. */
  preview(example: SentExample, where: string, options: PreviewArguments): Promise<Preview | ImagePreview>;
  /** An example as it is kept, so that whenever it is learnt it is the same, and no run fails at it. Throws as `collect` does. */
  kept(example: SentExample, where: string, signal: AbortSignal): Promise<SentExample>;
  /** Set where it tells labels. */
  readonly predictor?: Predictor<Row>;
  /** The arrays of a row: what a run is known by. The length of the first tells those of the others. */
  columns(row: Row): readonly (Uint32Array | Int32Array | Uint8Array)[];
  /** A row as transformers' Trainer takes it: an object of arrays. */
  exported(row: Row): object;
  /** Real tokens of a row, for rates. */
  tokensOf(row: Row): number;
  /** Rows as one batch. */
  batch(rows: readonly Row[], args: BatchArguments): B;
  /** The shape of a batch whose longest row is as long as may be. */
  fullShape(args: BatchArguments): BatchShape;

  /** New values for batches of a shape. */
  inputs(shape: BatchShape): Inputs;
  /** Queues the batch's data; runs queued later see them. */
  write(runner: Runner, inputs: Inputs, batch: B): void;
  /** The loss of each chunk of labelled rows. Makes its gradient in the forward pass, and takes no dy. */
  loss(g: Graph, parts: LossParts<Inputs>): Loss;
  /** What a pass without a loss gives. */
  logits(g: Graph, parts: LogitsParts<Inputs>): Value;
  /** What users compare. */
  metrics(measured: Measured<B>): Metrics;

  /** What a caller of `forward` gives, as one batch. Throws `invalid_argument` for what the model can't take in. */
  given(inputs: GivenInputs): B;
  /** The logits of such a batch, at the beginning of `data`, in the shape that `forward` gives. */
  logitsOf(data: Float32Array, inputs: GivenInputs, batch: B): Tensor;
}

/** All rows in their order, for measuring a loss. */
export function* batchesInOrder<Row, B extends Batch>(
  task: Pick<Task<Row, B>, 'batch'>,
  rows: readonly Row[],
  args: BatchArguments,
): Generator<B> {
  const size = args.per_device_train_batch_size;
  for (let start = 0; start < rows.length; start += size) yield task.batch(rows.slice(start, start + size), args);
}

/** How many chunks of the loss hold labelled rows. */
export function lossChunks(labelled: number, chunkRows: number): number {
  return Math.ceil(labelled / chunkRows);
}
