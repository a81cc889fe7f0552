import type { Adapter } from '../../adapters/adapter';
import type { DropoutSource } from '../../adapters/layers/branch_dropout';
import type { Overlay } from '../../adapters/layers/overlay';
import type { RowInputs } from '../../adapters/layers/row_inputs';
import { rowInputs } from '../../adapters/layers/rows';
import type { TrainedRows } from '../../adapters/layers/trained_rows';
import type { TrainingLayers } from '../../adapters/layers/training_layers';
import { overlaidLayers } from '../../adapters/layers/wrap';
import { WebVeraError } from '../../core/errors/error';
import { Graph } from '../../graph/graph';
import { recompute, type Segment } from '../../graph/recompute';
import type { Program, Runner } from '../../graph/runner';
import { type Value, viewOf } from '../../graph/value';
import type { InputName } from '../../models/architecture';
import type { Layers } from '../../models/layers';
import { constantOf, type LoadedModel } from '../../models/loaded_model';
import { attention } from '../../ops/attention/attention';
import { shortConv } from '../../ops/convolution/short_conv';
import { lossSum } from '../../ops/losses/loss_sum';
import { metricSums } from '../../ops/losses/metric_sums';
import { type MixedLosses, mixedLossSum } from '../../ops/mixed/mixed_loss_sum';
import type { Batch, BatchInputs, BatchShape, TaskBatches } from '../../tasks/task/task_batches';
import type { TaskLoss } from '../../tasks/task/task_loss';
import type { TaskPrediction } from '../../tasks/task/task_prediction';
import type { TaskReference } from '../../tasks/task/task_reference';

/** A program built for one batch shape, with the pinned values that only it uses. */
interface BatchProgram {
  readonly program: Program;
  readonly inputs: ProgramInputs;
  readonly owned: readonly Value[];
}

/** The values that the host writes before each run of the program. */
interface ProgramInputs {
  /** The batch's inputs, as its task defines them. */
  readonly batch: BatchInputs;
  /** The inputs that select each row's adapter. Undefined if all rows use the same adapters. */
  readonly adapters: RowInputs | undefined;
}

export interface LossProgram extends BatchProgram {
  /** The number of labelled positions in a chunk of the loss. */
  readonly chunkRows: number;
  /** The task's logits, if its metrics need them and nothing trains. */
  readonly logits?: Value | undefined;
}

function programInputs(task: Pick<TaskBatches, 'inputs'>, shape: BatchShape, { rows }: Overlay): ProgramInputs {
  return { batch: task.inputs(shape), adapters: rowInputs(rows, shape.B) };
}

/**
 * Writes a batch's data for the program runs that are queued next. `which` holds the index of each row's adapter (B), if each row has its
 * own adapter.
 */
export function writeBatch(
  runner: Runner,
  task: Pick<TaskBatches, 'write'>,
  { batch: inputs, adapters }: ProgramInputs,
  batch: Batch,
  which?: Uint32Array<ArrayBuffer> | undefined,
): void {
  task.write(runner, inputs, batch);
  if (adapters !== undefined && which !== undefined) adapters.write(runner, which);
}

function ownedBy({ batch: { network, ...others }, adapters }: ProgramInputs): Value[] {
  return [...Object.values(network), ...Object.values(others), ...(adapters?.values ?? [])];
}

function hiddenStates(
  g: Graph,
  loaded: LoadedModel,
  overlay: Overlay,
  { batch: { network, spans }, adapters }: ProgramInputs,
  {
    shape: { B, T },
    source,
    training,
    onBlock,
  }: {
    readonly shape: BatchShape;
    readonly source?: DropoutSource | undefined;
    readonly training?: Pick<TrainingLayers, 'over'> | undefined;
    readonly onBlock?: () => void;
  },
): { readonly hidden: Value; readonly layers: Layers } {
  const rows = adapters && { inputs: adapters, T };
  const layers = overlaidLayers(g, loaded, overlay, { source, training, rows });
  const hidden = loaded.model.hidden(g, layers, {
    value: (name) => expectInput(network, name),
    constant: (name) => constantOf(loaded, name),
    ...(onBlock && { block: onBlock }),
    attend: (_layer, q, k, v, heads) => attention(g, { q, k, v, spans, B, T, ...heads }),
    convolve: (_layer, bcx, weight) => shortConv(g, { bcx, weight, spans }),
  });
  return { hidden, layers };
}

/** Builds the program whose only output is the task's logits. */
export function logitsProgram(
  task: Pick<TaskBatches, 'inputs'> & Pick<TaskPrediction, 'logits'>,
  loaded: LoadedModel,
  overlay: Overlay,
  shape: BatchShape,
): BatchProgram & { readonly logits: Value } {
  const g = new Graph(loaded);
  const inputs = programInputs(task, shape, overlay);
  const { hidden, layers } = hiddenStates(g, loaded, overlay, inputs, { shape });
  const logits = task.logits(g, { hidden, layers, inputs: inputs.batch });
  const program = { name: 'logits', steps: g.steps, outputs: [logits] };
  return { program, inputs, logits, owned: ownedBy(inputs) };
}

/** Builds the program whose only output is the log probabilities of a batch's sequences under an overlay. */
export function logpsProgram(
  task: Pick<TaskBatches, 'inputs'> & { readonly reference: TaskReference },
  loaded: LoadedModel,
  overlay: Overlay,
  shape: BatchShape,
  block: Value,
): BatchProgram & { readonly logps: Value; readonly chunkRows: number } {
  const g = new Graph(loaded);
  const inputs = programInputs(task, shape, overlay);
  const { hidden, layers } = hiddenStates(g, loaded, overlay, inputs, { shape });
  const alone = { into: new Map(), smoothing: 0, contrastTemperature: undefined };
  const parts = { hidden, layers, inputs: inputs.batch, shape, block, ...alone };
  const { logps, chunkRows } = task.reference.logps(g, parts);
  return {
    program: { name: 'logps', steps: g.steps, outputs: [logps] },
    inputs,
    owned: ownedBy(inputs),
    logps,
    chunkRows,
  };
}

/** The values that a loss program uses, and its training options. */
interface LossValues {
  /** The step block: the values that change from step to step. The program only reads it. */
  readonly block: Value;
  /** The step statistics, to which the micro-batch's share of the loss is added. */
  readonly stats: Value;
  /** The temperature of the objective 'contrast'. If set, this objective's loss is computed. */
  readonly contrastTemperature?: number | undefined;
  /** The options of training. If undefined, the program computes no gradients and applies no dropout. */
  readonly training?: {
    /** The buffer in which the gradients of each adapter's pool accumulate. */
    readonly grads: ReadonlyMap<Adapter, Value>;
    /** Seed of the dropout masks. Without it there is no dropout. */
    readonly seed?: number | undefined;
    /** Whether the network's blocks recompute their inner values in the backward pass instead of storing them. */
    readonly checkpointing?: boolean;
    /** `label_smoothing_factor`. */
    readonly smoothing?: number;
    /** The computation of the adapted layers. Set if it differs from that in a pass without training. */
    readonly layers?: Pick<TrainingLayers, 'over' | 'gradients'> | undefined;
    /** Set if each row trains its own adapter, in place of the overlay's adapters. */
    readonly rows?: RowTraining | undefined;
  };
}

/** The adapters of a batch in which each row trains its own adapter. */
export interface RowTraining {
  readonly pools: TrainedRows;
  /** For each adapter, its step block, and the statistics to which its share of the loss is added. */
  readonly own: readonly { readonly block: Value; readonly stats: Value }[];
}

/**
 * Builds the program of one micro-batch. It adds the micro-batch's share of the loss, and in training its gradients, to those of earlier
 * micro-batches.
 */
export function lossProgram(
  task: Pick<TaskBatches, 'inputs'> & TaskLoss,
  loaded: LoadedModel,
  overlay: Overlay,
  shape: BatchShape,
  { block, stats, contrastTemperature, training }: LossValues,
): LossProgram {
  const g = new Graph(loaded);
  const rows = training?.rows;
  const own = rows?.pools.inputs(shape.B);
  const inputs = own === undefined ? programInputs(task, shape, overlay) : { batch: task.inputs(shape), adapters: own };
  const isContrast = contrastTemperature !== undefined;
  const into = training === undefined ? new Map<Value, Value>() : gradientBuffers(training, isContrast);
  for (const value of into.keys()) g.train(value);
  const source = training?.seed === undefined ? undefined : { block, seed: training.seed };
  const starts: number[] = [];
  const onBlock = (): void => void starts.push(g.steps.length);
  const { hidden, layers } = hiddenStates(g, loaded, overlay, inputs, {
    shape,
    source,
    training: training?.layers,
    onBlock,
  });
  const {
    losses,
    chunkRows,
    logits,
    learnt = losses,
    metrics,
    positions,
  } = task.loss(g, {
    hidden,
    layers,
    inputs: inputs.batch,
    shape,
    block,
    into,
    smoothing: training?.smoothing ?? 0,
    contrastTemperature,
  });
  if (own === undefined) lossSum(g, losses, block, stats);
  else sumByAdapter(g, { losses, rows: positions, which: own.which, T: shape.T }, rows?.own ?? []);
  if (metrics !== undefined) metricSums(g, metrics, block, stats);
  const forward = g.steps.length;
  // The loss op has computed its gradient in the forward pass and ignores the gradient of its result, so any value can stand for that
  // gradient.
  if (training !== undefined) g.grad(learnt, learnt, into);
  const steps = training?.checkpointing === true ? recompute(g.steps, forward, segmentsBetween(starts)) : g.steps;
  if (training !== undefined) {
    return { program: { name: 'training step', steps, outputs: [] }, inputs, owned: ownedBy(inputs), chunkRows };
  }
  const outputs = logits === undefined ? [] : [logits];
  return { program: { name: 'loss', steps, outputs }, inputs, owned: ownedBy(inputs), chunkRows, logits };
}

/** Adds each adapter's losses to its own statistics. Throws `invalid_argument` for losses that don't belong to one row each. */
function sumByAdapter(
  g: Graph,
  { rows, ...losses }: Omit<MixedLosses, 'rows'> & { readonly rows: Value | undefined },
  own: RowTraining['own'],
): void {
  if (rows === undefined) {
    throw new WebVeraError('invalid_argument', 'adapters: expected a language model and its own loss, got another', {
      hint: 'Train the adapters one after the other, each by a Trainer of its own.',
    });
  }
  for (const [index, adapter] of own.entries()) mixedLossSum(g, { rows, ...losses }, { index, ...adapter });
}

function expectInput(network: BatchInputs['network'], name: InputName): Value {
  const value = network[name];
  if (value === undefined)
    throw new WebVeraError('internal', `The network needs ${name}, which the task doesn't provide`);
  return value;
}

/**
 * Returns all blocks of the network except the last. The backward pass begins with the last block, so recomputing it would save no memory.
 */
function segmentsBetween(starts: readonly number[]): Segment[] {
  return starts.slice(0, -2).map((start, index) => ({ start, end: starts[index + 1] ?? start }));
}

/**
 * Maps each leaf (a trained value, as in PyTorch) to its part of the pool's gradient buffer. With the objective 'contrast', leaves out
 * modules that are trained whole (`modules_to_save`).
 */
function gradientBuffers(
  { grads: pools, layers, rows }: NonNullable<LossValues['training']>,
  isContrast: boolean,
): Map<Value, Value> {
  const into = new Map(layers?.gradients);
  if (rows !== undefined) into.set(rows.pools.table, rows.pools.grads);
  for (const [{ pool, leaves, tensors }, grads] of pools) {
    const modules = new Set([...tensors.values()].filter(({ kind }) => kind === 'module').map(({ value }) => value));
    for (const leaf of leaves) {
      if (isContrast && modules.has(leaf)) continue;
      const part = (): Value => viewOf(grads, `gradient of ${leaf.name}`, leaf.shape, leaf.view?.offset ?? 0);
      into.set(leaf, leaf === pool ? grads : part());
    }
  }
  return into;
}
