import { WebVeraError } from '../core/errors/error';
import { bytesOf } from '../core/input/bytes';
import { Fields, isJsonObject, type JsonObject } from '../core/input/fields';
import { type KernelChoice, readKernelChoice } from '../core/kernels/kernel_choice';
import {
  type EvaluationState,
  type Halving,
  NOT_EVALUATED,
  NOT_HALVED,
  type PoolSnapshot,
  type RecordSnapshot,
  type RunSnapshot,
} from '../core/types/snapshot';
import type { EvalLogs, LogMetric, StepLogs } from '../core/types/training';
import { parseJsonObject } from './json';
import { type RawTensor, readSafetensors, type Safetensors, writeSafetensors } from './tensors/safetensors';
import { toFloat32 } from './tensors/values';

/** A stored training run that can be resumed. */
export interface Checkpoint {
  /** The fingerprint of the run's model, adapters and data. */
  readonly run: string;
  /** The version of webvera that wrote the checkpoint. */
  readonly version: string;
  readonly snapshot: RunSnapshot;
  /** The run's latest arguments. */
  readonly args: JsonObject;
  readonly kernels: KernelChoice;
}

/**
 * The version of the format. It is increased when older code could misread a checkpoint: format 2 added how often the learning rate was
 * halved, format 3 the evaluations.
 */
const FORMAT = 3;
/** The format for a run in which several adapters train, each on its own data. */
const LANES = 4;
const READABLE: readonly unknown[] = [1, 2, FORMAT, LANES];
const WHERE = 'checkpoint';
/** The first columns of `log_history`. */
const COLUMNS = [
  'step',
  'loss',
  'grad_norm',
  'learning_rate',
  'tokens_per_second',
  'seconds_left',
] as const satisfies readonly (keyof StepLogs)[];
/** The largest number of further columns. They hold metrics that only some losses report, and `METRIC` matches their names. */
const MOST_METRICS = 16;
const METRIC = /^(?:kl|(?:rewards|logps)\/[a-z]+)$/;
const PARTS = ['parameters', 'exp_avg', 'exp_avg_sq'] as const;

/** Writes a checkpoint as a safetensors file. Throws `numerical_error` if a number isn't finite, because no run could resume from it. */
export function writeCheckpoint({ run, version, snapshot, args, kernels }: Checkpoint): Uint8Array<ArrayBuffer> {
  const { pools, reference, lanes = [] } = snapshot;
  const tensors: [string, RawTensor][] = pools.flatMap((pool, index) =>
    PARTS.map((part): [string, RawTensor] => [`${index}.${part}`, tensor('F32', [pool[part].length], pool[part])]),
  );
  if (!pools.every((pool) => PARTS.every((part) => pool[part].every(Number.isFinite)))) {
    const message = `Step ${snapshot.progress.global_step}: what trains isn't finite any more`;
    throw new WebVeraError('numerical_error', message, { hint: 'Use a lower learning_rate.' });
  }
  const about = describeRecord(snapshot, '', tensors);
  if (reference !== undefined) tensors.push(['reference', tensor('F32', [reference.length], reference)]);
  const own = lanes.map((record, index) => describeRecord(record, laneOf(index), tensors));
  // Older code would read format 3 without the adapters' own progress (`lanes`), so a checkpoint with it has format 4, which older code
  // rejects.
  const format = lanes.length > 0 ? LANES : FORMAT;
  const state = { format, run, version, ...about, ...(lanes.length > 0 && { lanes: own }), args, kernels };
  return writeSafetensors(tensors, new Map([[WHERE, JSON.stringify(state)]]));
}

/**
 * Describes the progress of a run or of one of its adapters as a JSON object. Its tensors are appended to `tensors`, with `prefix` before
 * their names.
 */
function describeRecord(
  { progress, lossSum, logs, halving, evaluation }: RecordSnapshot,
  prefix: string,
  tensors: [string, RawTensor][],
): object {
  const log_metrics = metricsIn(logs);
  const columns = [...COLUMNS, ...log_metrics];
  const history = Float64Array.from(logs.flatMap((log) => columns.map((column) => log[column] ?? Number.NaN)));
  tensors.push([`${prefix}log_history`, tensor('F64', [logs.length, columns.length], history)]);
  for (const [index, best] of (evaluation.best?.parameters ?? []).entries()) {
    tensors.push([`${prefix}${index}.best`, tensor('F32', [best.length], best)]);
  }
  const halved = halving.times > 0 ? { halving } : {};
  const evaluated = evaluation.logs.length > 0 ? { evaluation: describeEvaluation(evaluation) } : {};
  const measured = log_metrics.length > 0 ? { log_metrics } : {};
  return { ...progress, loss_sum: lossSum, ...halved, ...evaluated, ...measured };
}

/** The prefix for the names of the tensors with the progress of the adapter with this index. */
function laneOf(index: number): string {
  return `lane.${index}.`;
}

/**
 * Reads a file that `writeCheckpoint` wrote. `lengths` holds the number of floats that each of the run's adapters trains. Throws
 * `invalid_format`, and `invalid_argument` for an impossible kernel choice.
 */
export function readCheckpoint(bytes: Uint8Array, lengths: readonly number[]): Checkpoint {
  const file = readSafetensors(bytes);
  const text = new TextEncoder().encode(file.metadata.get(WHERE) ?? '');
  const state = new Fields(parseJsonObject(text, WHERE), WHERE);
  if (!READABLE.includes(state.get('format'))) throw state.invalid('format', READABLE.join(' or '));
  const args = state.get('args');
  if (!isJsonObject(args)) throw state.invalid('args', 'an object');
  const pools = lengths.map(
    (length, index): PoolSnapshot => ({
      parameters: floats(file, `${index}.parameters`, length),
      exp_avg: floats(file, `${index}.exp_avg`, length),
      exp_avg_sq: floats(file, `${index}.exp_avg_sq`, length),
    }),
  );
  return {
    run: state.string('run'),
    version: state.string('version'),
    args,
    kernels: readKernelChoice(state.get('kernels')),
    snapshot: {
      ...readRecord(state, '', file, lengths),
      ...readLanes(state, file, lengths),
      ...readReference(file),
      pools,
    },
  };
}

/** Reads the progress of each adapter, if the adapters train on their own data. `lengths` has one entry for each adapter. */
function readLanes(state: Fields, file: Safetensors, lengths: readonly number[]): Pick<RunSnapshot, 'lanes'> {
  const given = state.get('lanes');
  if (given === undefined) return {};
  if (!Array.isArray(given) || given.length !== lengths.length || !given.every(isJsonObject)) {
    throw state.invalid('lanes', `${lengths.length} objects`);
  }
  const lanes = given.map((one, index) =>
    readRecord(new Fields(one, WHERE), laneOf(index), file, lengths.slice(index, index + 1)),
  );
  return { lanes };
}

function readRecord(state: Fields, prefix: string, file: Safetensors, lengths: readonly number[]): RecordSnapshot {
  const lossSum = state.get('loss_sum');
  if (typeof lossSum !== 'number') throw state.invalid('loss_sum', 'a number');
  return {
    progress: {
      // A run that was set back to its initial state is at step 0.
      global_step: state.get('global_step') === 0 ? 0 : state.positiveInteger('global_step'),
      max_steps: state.positiveInteger('max_steps'),
      epoch: state.get('global_step') === 0 ? 0 : state.positiveNumber('epoch'),
    },
    lossSum,
    logs: readLogs(file, `${prefix}log_history`, readMetrics(state)),
    halving: readHalving(state.object('halving')),
    evaluation: readEvaluation(state.object('evaluation'), prefix, file, lengths),
  };
}

/**
 * Reads the base model's log probabilities, if the loss compares the model with its base. Their number isn't checked here, because only the
 * run knows its number of rows.
 */
function readReference(file: Safetensors): Pick<RunSnapshot, 'reference'> {
  if (!file.tensors.has('reference')) return {};
  const { dtype, shape, bytes } = expectTensor(file, 'reference');
  if (dtype !== 'F32' || shape.length !== 1) throw invalid(`reference: expected F32 [n], got ${dtype} [${shape}]`);
  return { reference: new Float32Array(toFloat32({ dtype, bytes })) };
}

function readHalving(fields: Fields | undefined): Halving {
  if (fields === undefined) return NOT_HALVED;
  return {
    factor: fields.positiveNumber('factor', { max: 1 }),
    step: fields.positiveInteger('step'),
    times: fields.positiveInteger('times'),
  };
}

/** Describes the evaluations for JSON. In JSON, a metric that isn't finite becomes null. */
function describeEvaluation({ logs, best, stale }: EvaluationState): object {
  return { logs, stale, ...(best && { best: { step: best.step, metric: best.metric } }) };
}

function readEvaluation(
  fields: Fields | undefined,
  prefix: string,
  file: Safetensors,
  lengths: readonly number[],
): EvaluationState {
  if (fields === undefined) return NOT_EVALUATED;
  const [given, stale, best] = [fields.get('logs'), fields.get('stale'), fields.object('best')];
  if (!Array.isArray(given)) throw fields.invalid('logs', 'a list');
  if (!(Number.isSafeInteger(stale) && (stale as number) >= 0)) throw fields.invalid('stale', 'a count');
  const logs = given.map((one: unknown) => readEvalLogs(new Fields(isJsonObject(one) ? one : {}, WHERE)));
  return { logs, stale: stale as number, best: best === undefined ? null : readBest(best, prefix, file, lengths) };
}

function readEvalLogs(fields: Fields): EvalLogs {
  const metrics = fields.get('metrics');
  if (!isJsonObject(metrics)) throw fields.invalid('metrics', 'an object');
  const numbers = Object.entries(metrics).map(([name, value]) => [
    name,
    typeof value === 'number' ? value : Number.NaN,
  ]);
  const epoch = fields.positiveNumber('epoch');
  return { step: fields.positiveInteger('step'), epoch, metrics: Object.fromEntries(numbers) };
}

function readBest(
  fields: Fields,
  prefix: string,
  file: Safetensors,
  lengths: readonly number[],
): EvaluationState['best'] {
  const metric = fields.get('metric');
  if (typeof metric !== 'number') throw fields.invalid('metric', 'a number');
  const hasParameters = file.tensors.has(`${prefix}0.best`);
  const parameters = hasParameters
    ? lengths.map((length, index) => floats(file, `${prefix}${index}.best`, length))
    : undefined;
  return { step: fields.positiveInteger('step'), metric, parameters };
}

/** The names of metrics in the logs that only some losses report. */
function metricsIn(logs: readonly StepLogs[]): readonly LogMetric[] {
  const names = new Set(logs.flatMap((log) => Object.keys(log)));
  return [...names].filter((name): name is LogMetric => METRIC.test(name));
}

function readMetrics(state: Fields): readonly LogMetric[] {
  const names = state.get('log_metrics') ?? [];
  const isKnown = (name: unknown): name is LogMetric => typeof name === 'string' && METRIC.test(name);
  if (Array.isArray(names) && names.length <= MOST_METRICS && names.every(isKnown)) return names;
  throw state.invalid('log_metrics', 'names of metrics');
}

function readLogs(file: Safetensors, name: string, metrics: readonly LogMetric[]): StepLogs[] {
  const { shape, bytes, dtype } = expectTensor(file, name);
  const [rows = 0, columns] = shape;
  const names = [...COLUMNS, ...metrics];
  if (dtype !== 'F64' || shape.length !== 2 || columns !== names.length)
    throw invalid(`${name}: got ${dtype} [${shape}]`);
  const values = new Float64Array(bytes.slice().buffer);
  return Array.from({ length: rows }, (_, row) => {
    const cells = names.map((column, index) => [column, values[row * names.length + index]] as const);
    // A step may lack a metric. The table then holds NaN.
    const own = cells.filter(([column, value]) => !(METRIC.test(column) && Number.isNaN(value)));
    return Object.fromEntries(own) as unknown as StepLogs;
  });
}

function floats(file: Safetensors, name: string, length: number): Float32Array<ArrayBuffer> {
  const { dtype, shape, bytes } = expectTensor(file, name);
  if (dtype !== 'F32' || shape.length !== 1 || shape[0] !== length) {
    throw invalid(`${name}: expected F32 [${length}], got ${dtype} [${shape}]`);
  }
  const values = new Float32Array(toFloat32({ dtype, bytes }));
  if (!values.every(Number.isFinite)) throw invalid(`${name}: expected finite numbers`);
  return values;
}

function expectTensor({ tensors }: Safetensors, name: string): RawTensor {
  const found = tensors.get(name);
  if (found === undefined) throw invalid(`expected a tensor ${name}`);
  return found;
}

function tensor(dtype: RawTensor['dtype'], shape: readonly number[], data: ArrayBufferView): RawTensor {
  return { dtype, shape, bytes: bytesOf(data) };
}

function invalid(message: string): WebVeraError {
  return new WebVeraError('invalid_format', `${WHERE}: ${message}`);
}
