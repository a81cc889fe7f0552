import { BASE } from '../../../adapters/layers/overlay';
import { WebVeraError } from '../../../core/errors/error';
import type { Warn } from '../../../core/errors/warning';
import { ceilDiv, formatShape, numel, rowsAndColumns, sameShape } from '../../../core/numbers/shape';
import { type Storage, type StorageName, type StoredElements, storages } from '../../../core/numbers/storage';
import type { LabelOptions, ModelDtype, ModuleNames } from '../../../core/types/model';
import type { ModelFiles } from '../../../formats/models/model_files';
import type { StoredTensor, TensorRows } from '../../../formats/tensors/stored_tensor';
import type { TensorHeader } from '../../../formats/tensors/tensor_header';
import { transpose } from '../../../formats/tensors/transpose';
import { expectFloats, toFloat32 } from '../../../formats/tensors/values';
import type { Step } from '../../../graph/graph';
import type { Runner } from '../../../graph/runner';
import { pinned, pinnedMatrix, shardsOf, storageOf, type Value } from '../../../graph/value';
import { type Architecture, fileNames, fileShape, tokenMatrices, type WeightSpec } from '../../../models/architecture';
import { withLabels } from '../../../models/labels';
import type { LoadedModel } from '../../../models/loaded_model';
import { createArchitecture, createTask, type TaskName } from '../../../tasks/registry';
import { logitsProgram } from '../../../train/steps/loss_program';
import { makeWeights, newlyInitialized } from './new_weights';

const MOST_WEIGHTS = 4096;
const MOST_ELEMENTS = 2 ** 31;
/** Elements of a matrix that are read and uploaded at a time. */
const SLICE = 2 ** 22;

export interface LoadModelOptions {
  readonly dtype: ModelDtype;
  /** The task whose head the model gets. Default: 'causal_lm'. */
  readonly task?: TaskName | undefined;
  /** Overrides the labels of config.json. */
  readonly labels?: LabelOptions | undefined;
  /** Whether a head whose size in the file doesn't fit the labels is initialised anew. Default: false. */
  readonly ignore_mismatched_sizes?: boolean | undefined;
  /** Overrides the module names that follow from config.json. */
  readonly module_names?: ModuleNames | undefined;
  readonly warn?: Warn | undefined;
  /** Reports 0 to 100 while weights are uploaded to the GPU. */
  onUpload(progress: number): void;
  /**
   * Reports 0 to 100 while the kernels that read them are compiled. Compiling may still be in progress when the model
   * is loaded.
   */
  onCompile?(progress: number): void;
}

/**
 * Reads a model's configuration and weights, and uploads the weights to the device while they are read. If anything
 * fails, everything is freed. Throws `unsupported_model`, `invalid_format` (missing tensors, wrong shapes), and the
 * files' errors.
 */
export async function loadModel(files: ModelFiles, runner: Runner, options: LoadModelOptions): Promise<LoadedModel> {
  const config = withLabels(await files.config(), options.labels);
  const model = createArchitecture(config, options.task, { moduleNames: options.module_names });
  const weights = new Map<string, Value>();
  const constants = new Map<string, Value>();
  try {
    await loadWeights(files, runner, model, weights, options);
    for (const { name, shape, compute } of model.constants) {
      const value = pinned(name, shape);
      constants.set(name, value);
      await runner.allocate([value]);
      runner.write(value, compute());
    }
    return { model, weights, constants };
  } catch (error) {
    runner.free([...weights.values(), ...constants.values()]);
    throw error;
  }
}

async function loadWeights(
  files: ModelFiles,
  runner: Runner,
  model: Architecture,
  weights: Map<string, Value>,
  { dtype, ignore_mismatched_sizes = false, warn, onUpload, onCompile }: LoadModelOptions,
): Promise<void> {
  const specs = new Map(model.weights.flatMap((spec) => fileNames(spec).map((name) => [name, spec])));
  const find = (name: string): WeightSpec | undefined => specs.get(name) ?? specs.get(`${model.prefix}.${name}`);
  /** Tied heads, with the embeddings that they share. Some files only hold the head. */
  const tied = new Map([...model.tied].map(([module, source]) => [`${module}.weight`, specs.get(`${source}.weight`)]));
  const heads = new Set<string>();
  const ofTokens = tokenMatrices(model);
  const dtypeOf = (spec: WeightSpec, tensor: TensorHeader): StorageName => deviceDtype(spec, tensor, dtype, ofTokens);
  let prepared = false;
  const select = (tensor: TensorHeader): boolean => {
    const { name, shape } = tensor;
    const spec = find(name);
    if (tied.has(name)) heads.add(name);
    if (spec === undefined) return false;
    if (ignore_mismatched_sizes && spec.initialStd !== undefined && !sameShape(fileShape(spec), shape)) return false;
    expectWeight(spec, tensor);
    if (!prepared && Object.values(storages).every((storage) => fits(spec, storage)) && isModest(model)) {
      // The kernels are compiled while the weights are read, as if all tensors of the file had this one's dtype.
      const steps = forwardSteps(model, (other) => dtypeOf(other, tensor), runner.maxBindingBytes);
      runner.prepare(steps, (share) => onCompile?.(100 * share));
      prepared = true;
    }
    return true;
  };
  const load = async (tensor: StoredTensor, spec: WeightSpec): Promise<void> => {
    if (weights.has(spec.name)) {
      throw new WebVeraError('invalid_format', `Expected tensor ${spec.name} once, got it again as ${tensor.name}`);
    }
    const value = weightValue(spec, dtypeOf(spec, tensor), runner.maxBindingBytes);
    weights.set(spec.name, value);
    await runner.allocate([value]);
    for (const { value: shard } of shardsOf(value)) {
      let written = 0;
      for (const rows of slicesOf(spec, shard)) {
        const slice = await elementsOf(spec, storageOf(shard), tensor, rows);
        runner.write(shard, slice, written);
        written += slice.byteLength;
      }
    }
    onUpload((100 * weights.size) / model.weights.length);
  };
  for await (const tensor of files.tensors(select)) {
    const spec = find(tensor.name);
    if (spec !== undefined) await load(tensor, spec);
  }
  for (const head of heads) {
    const spec = tied.get(head);
    if (spec === undefined || weights.has(spec.name)) continue;
    // The file is read a second time for the head, because an embedding has priority, wherever it is in the file.
    const isHead = (tensor: TensorHeader): boolean => {
      if (tensor.name === head) expectWeight(spec, tensor);
      return tensor.name === head;
    };
    for await (const tensor of files.tensors(isHead)) await load(tensor, spec);
  }
  const absent = model.weights.filter(({ name }) => !weights.has(name));
  const missing = absent.flatMap((spec) => (spec.initialStd === undefined ? [fileNames(spec)[0]] : []));
  if (missing.length > 0) {
    throw new WebVeraError('invalid_format', `Expected tensor ${missing[0]} in the weights, but it isn't there`, {
      hint: 'Do config.json and the weights belong together, and are all weight files included?',
      detail: { missing },
    });
  }
  await makeWeights(absent, runner, weights);
  if (absent.length > 0) warn?.(newlyInitialized(model, absent));
}

/** Whether the model that config.json describes is small enough to build a pass for it before its weights are read. */
export function isModest({ weights }: Architecture): boolean {
  return weights.length <= MOST_WEIGHTS && weights.every(({ shape }) => numel(shape) <= MOST_ELEMENTS);
}

/** The steps of a forward pass, for its kernels. */
function forwardSteps(
  model: Architecture,
  dtypeOf: (spec: WeightSpec) => StorageName,
  maxBytes: number,
): readonly Step[] {
  const value = (spec: WeightSpec): Value => weightValue(spec, dtypeOf(spec), maxBytes);
  const task = createTask(model);
  const loaded = {
    model,
    weights: new Map(model.weights.map((spec) => [spec.name, value(spec)])),
    constants: new Map(model.constants.map(({ name, shape }) => [name, pinned(name, shape)])),
  };
  return logitsProgram(task, loaded, BASE, task.fullShape({ max_length: 1, per_device_train_batch_size: 1 })).program
    .steps;
}

/** Throws `invalid_format` if a tensor of the file can't be this weight. */
export function expectWeight(spec: WeightSpec, tensor: TensorHeader): void {
  expectFloats(tensor);
  const { shape } = tensor;
  const expected = fileShape(spec);
  if (sameShape(expected, shape)) return;
  const [name] = fileNames(spec);
  throw new WebVeraError(
    'invalid_format',
    `${name}: expected ${formatShape(expected)} by config.json, got ${formatShape(shape)}`,
    { hint: mismatchHint(spec), detail: { tensor: name, expected, actual: shape } },
  );
}

function mismatchHint({ initialStd }: WeightSpec): string {
  if (initialStd === undefined) return 'Do config.json and the weights belong together?';
  return 'For other labels than it was trained for, ignore_mismatched_sizes: true initialises a new head.';
}

/**
 * The storage of a weight on the device: the requested one, or else the file's, if its shape allows it. Other matrices,
 * and all vectors, are widened to f32. If four bits are requested, the matrices `ofTokens` get eight, because there
 * four bits reduce the quality most.
 */
export function deviceDtype(
  spec: WeightSpec,
  { dtype: stored, packed }: TensorHeader,
  wanted: ModelDtype,
  ofTokens: ReadonlySet<string>,
): StorageName {
  const fitting = Object.values(storages).filter((storage) => fits(spec, storage));
  const own = fitting.find(({ name, file }) => (packed === undefined ? file === stored : name === packed.name));
  const isFine = wanted === 'q4' && ofTokens.has(spec.name) && packed?.name !== 'q4';
  const asked = fitting.find(({ dtype }) => dtype === (isFine ? 'q8' : wanted));
  // A matrix that can't be packed stays in the file's dtype.
  const usesOwn = wanted === 'auto' || wanted === 'q8' || wanted === 'q4';
  return (asked ?? (usesOwn ? own : undefined) ?? storages.f32).name;
}

/** Only matrices whose rows are whole words can have another storage than f32. */
function fits({ kind, shape }: WeightSpec, { name, rowMultiple }: Storage): boolean {
  return name === 'f32' || (kind === 'matrix' && (shape.at(-1) ?? 0) % rowMultiple === 0);
}

/**
 * Makes the value of a weight. Matrices that are too large to bind are split by rows, if their rows are those of the
 * file.
 */
export function weightValue(spec: WeightSpec, dtype: StorageName, maxBytes: number): Value {
  const { name, shape } = spec;
  return hasFileRows(spec) ? pinnedMatrix(name, shape, dtype, maxBytes) : pinned(name, shape, dtype);
}

function hasFileRows(spec: WeightSpec): boolean {
  return spec.kind === 'matrix' && !spec.transposed && fileShape(spec)[0] === spec.shape[0];
}

/** The number of rows of each slice that is read and uploaded; undefined for all rows at once. */
function slicesOf(spec: WeightSpec, { shape }: Value): readonly (number | undefined)[] {
  if (!hasFileRows(spec)) return [undefined];
  const { rows, columns } = rowsAndColumns(shape);
  const most = Math.max(1, Math.floor(SLICE / columns));
  return Array.from({ length: ceilDiv(rows, most) }, (_, slice) => Math.min(most, rows - slice * most));
}

/** The next rows of a tensor, converted to the device's storage and order of dimensions. */
async function elementsOf(
  spec: WeightSpec,
  storage: Storage,
  { packed, take }: StoredTensor,
  rows: number | undefined,
): Promise<ArrayBufferView<ArrayBuffer>> {
  const { transposed = false } = spec;
  if (packed?.name === storage.name && packed.transposed === transposed) return packed.take(rows);
  return encode(spec, storage, await take(rows));
}

function encode(spec: WeightSpec, storage: Storage, taken: TensorRows): ArrayBufferView<ArrayBuffer> {
  const [rows = 0, columns = 0] = taken.shape;
  const inOrder = <T extends StoredElements>(elements: T): T =>
    spec.transposed ? transpose(elements, rows, columns) : elements;
  const shape = hasFileRows(spec) ? [rows, ...spec.shape.slice(1)] : spec.shape;
  if (taken.dtype === storage.file) return inOrder(storage.elements(taken.bytes.buffer, shape));
  return storage.encode(inOrder(new Float32Array(toFloat32(taken))), shape);
}
