import type { Adapter } from '../../adapters/adapter';
import { LARGEST_VALUE } from '../../adapters/config/largest_value';
import type { Overlay } from '../../adapters/layers/overlay';
import { WebVeraError } from '../../core/errors/error';
import type { Warn } from '../../core/errors/warning';
import type { KernelChoice } from '../../core/kernels/kernel_choice';
import type { HeadFigures, HeadFit } from '../../core/types/prediction';
import type { ResolvedTrainingArguments } from '../../core/types/training';
import type { Value } from '../../graph/value';
import { calibrateHead, type HeadRequest, judgeHead, solveHead } from '../../regression/solve_head';
import type { Task } from '../../tasks/task/task';
import type { CollectOptions, RowSource } from '../../tasks/task/task_data';
import type { SolvableHead } from '../../tasks/task/task_head';
import type { BaseModel } from '../models/base_model';
import { readFloats } from '../models/loading/file_order';
import type { Ready } from '../rpc/ready';
import type { RunInputs } from './create_run';
import { type KeyedRow, keyedRows, keyedViews } from './keyed_rows';
import type { FeatureCache, RowFeatures } from './row_features';
import type { FittedHead } from './run_protocol';
import type { StoredFeatures } from './stored_features';

interface HeadInit extends RunInputs {
  /** Weights of the classes in `evalData`. Default: all 1. */
  readonly evalWeights?: ResolvedTrainingArguments['classWeights'] | undefined;
  readonly C: number | 'auto';
  readonly scale?: number | undefined;
  /** Whether the head also learns views (slightly changed copies) of the examples. */
  readonly augment: boolean | 'auto';
  readonly features: FeatureCache;
  readonly kernels: KernelChoice;
  /** The stored features of a profile, if the data are its examples. */
  readonly stored: StoredFeatures | undefined;
  /** Called once the new layer is computed. The adapter changes when the returned promise resolves. */
  readonly ready: Ready;
  readonly warn: Warn;
}

/** The last layer, which is solved for. Its tensors lie in the adapter's pool (the buffer of all its trained parameters). */
interface LastLayer {
  readonly head: SolvableHead;
  readonly adapter: Adapter;
  readonly weight: Value;
  readonly bias: Value | undefined;
}

/** A request to fit a head, the head's last layer, and the features that the fit has used so far, by key. */
interface Fitting extends HeadInit, LastLayer {
  /** The digest from `FeatureCache.stateOf`. */
  readonly state: string;
  readonly used: Map<string, Float32Array>;
}

/**
 * Solves for the last layer of an adapter's head over the features of a data set, and writes it to the adapter, completely or not at all.
 * Throws `invalid_argument` for a model without such a head, and for an adapter that doesn't train it.
 */
export async function fitHead(init: HeadInit): Promise<FittedHead> {
  const { model, overlay, args, data, evalData, evalWeights = null, C, scale, signal, ready, stored, warn } = init;
  const begun = performance.now();
  const layer = lastLayer(model, overlay);
  const { weight, bias } = layer;
  const state = await init.features.stateOf({ ...init, ...layer });
  const fitting: Fitting = { ...init, ...layer, state, used: new Map() };
  const learnt = await examplesOf(fitting, data(signal), 'training');
  const views = isAugmented(init, learnt) ? await viewsOf(fitting, learnt.rows) : undefined;
  const judging = { ...fitting, args: { ...args, classWeights: evalWeights } };
  const held = evalData && (await examplesOf(judging, evalData(signal), 'evaluation'));
  const zeros = new Float32Array(learnt.outputs);
  const old = {
    weight: await readFloats(model.runner, weight),
    bias: bias === undefined ? zeros : await readFloats(model.runner, bias),
  };
  const solved = await solveHead({ ...learnt, views, hasBias: bias !== undefined, C, scale });
  for (const warning of solved.warnings) warn(warning);
  const before = figuresOf(await judgeHead(learnt, old));
  const held_out = held && (await heldOut(held, old, solved));
  expectModest(solved.weight, solved.bias);
  const { crossValidated } = solved;
  await ready();
  // The two writes are queued together, so no forward pass runs between them.
  model.runner.write(weight, solved.weight);
  if (bias !== undefined) model.runner.write(bias, solved.bias);
  const fit = {
    C: solved.C,
    scale: solved.scale,
    loss: solved.loss,
    accuracy: solved.accuracy,
    cross_validated: crossValidated && {
      ...figuresOf(crossValidated),
      confusion: crossValidated.confusion,
      folds: crossValidated.folds,
    },
    examples: learnt.weights.length,
    before,
    held_out: held_out ?? null,
    computed: learnt.computed + (held?.computed ?? 0),
    seconds: (performance.now() - begun) / 1000,
  };
  await stored?.save(fitting.used, layer.head.size);
  return { adapter: layer.adapter.name, fit };
}

type Layer = Parameters<typeof judgeHead>[1];

/** Measures the old and the new layer on held-out examples, and calibrates the new layer's scores on them. */
async function heldOut(held: HeadExamples, old: Layer, solved: Layer): Promise<NonNullable<HeadFit['held_out']>> {
  const after = await judgeHead(held, solved);
  const { confusion, losses } = after;
  const before = figuresOf(await judgeHead(held, old));
  const { scale, loss, losses: scaled } = await calibrateHead(held, solved);
  const calibrated = { scale, loss, losses: [...scaled] };
  return { examples: held.weights.length, before, after: figuresOf(after), losses: [...losses], calibrated, confusion };
}

function figuresOf({ loss, accuracy }: HeadFigures): HeadFigures {
  return { loss, accuracy };
}

type HeadExamples = Omit<HeadRequest, 'C' | 'scale' | 'hasBias' | 'views'> &
  Pick<RowFeatures, 'computed'> & { readonly rows: readonly KeyedRow[] };

/** Reads a data set, and returns its features and targets. */
async function examplesOf(
  fitting: Fitting,
  source: RowSource,
  purpose: CollectOptions['purpose'],
): Promise<HeadExamples> {
  const { model, args, signal, features: cache, head, warn } = fitting;
  const task: Task = model.task;
  const { rows: collected, warnings } = await task.collect(source, { args, purpose, isWeighted: true, signal });
  for (const warning of warnings) warn(warning);
  const rows = await keyedRows(collected, fitting);
  const found = await cache.of(rows, fitting);
  const targets = rows.map(({ row }) => head.targets(row));
  return {
    ...found,
    rows,
    problem: head.labels.problem,
    D: head.size,
    targets: Float64Array.from(targets.flatMap((row) => row.targets)),
    weights: Float64Array.from(targets, (row) => row.weight),
    outputs: head.labels.names.length,
    signal,
  };
}

/** The most examples for which 'auto' uses views. Each view costs a pass, and views help less the more examples there are. */
const MOST_AUGMENTED = 1000;

function isAugmented({ augment }: HeadInit, { rows }: HeadExamples): boolean {
  return augment === 'auto' ? rows.length <= MOST_AUGMENTED : augment;
}

async function viewsOf(fitting: Fitting, rows: readonly KeyedRow[]): Promise<Float32Array | undefined> {
  const { features: cache, head } = fitting;
  return head.views.length === 0 ? undefined : (await cache.of(keyedViews(rows, head.views), fitting)).features;
}

function lastLayer({ task, loaded: { model } }: BaseModel, { adapters, tensors, mergedModules }: Overlay): LastLayer {
  const { solvable: head } = task;
  if (head === undefined) {
    const expected = 'a classifier of whole texts or images';
    throw new WebVeraError('invalid_argument', `fit_head: expected ${expected}, got ${model.head.className}`, {
      hint: 'Load it with AutoModelForSequenceClassification or AutoModelForImageClassification.',
    });
  }
  const [adapter, ...others] = adapters;
  if (adapter === undefined || others.length > 0 || mergedModules.size > 0) {
    const got = mergedModules.size > 0 ? 'merged adapters' : adapters.length === 0 ? 'none' : `${adapters.length}`;
    throw new WebVeraError('invalid_argument', `fit_head: expected one active adapter, got ${got}`, {
      hint: 'Name one by adapter_name, and unmerge adapters first.',
    });
  }
  const [weight, bias] = ['weight', 'bias'].map((end) => {
    const value = tensors.get(`${head.lastLayer}.${end}`);
    return adapter.tensors.get(`${head.lastLayer}.${end}`)?.value === value ? value : undefined;
  });
  if (adapter.trainable && weight !== undefined) return { head, adapter, weight, bias };
  const why = adapter.trainable ? `doesn't train ${head.lastLayer}` : 'was loaded for inference';
  throw new WebVeraError(
    'invalid_argument',
    `fit_head: expected an adapter that trains its head, but ${adapter.name} ${why}`,
    {
      hint: "task_type: 'SEQ_CLS' or modules_to_save in its configuration trains the head; load files with is_trainable: true.",
    },
  );
}

/** Throws `numerical_error` for values that are too large for an adapter. */
function expectModest(...tensors: readonly Float32Array[]): void {
  for (const tensor of tensors) {
    const large = tensor.find((value) => !(Math.abs(value) <= LARGEST_VALUE));
    if (large === undefined) continue;
    throw new WebVeraError('numerical_error', `fit_head: expected weights up to ${LARGEST_VALUE}, got ${large}`, {
      // If the targets are numbers, a smaller C doesn't help: the bias is about the mean of the targets for every C.
      hint: "Divide numbers to predict by a constant, so that they are about 1. For labels, the model's features are tiny or nearly equal: pass a smaller C.",
    });
  }
}
