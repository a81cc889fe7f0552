import { BASE } from '../../../adapters/layers/overlay';
import { WebVeraError } from '../../../core/errors/error';
import type { Warn, Warning } from '../../../core/errors/warning';
import { normals, seedOf } from '../../../core/numbers/rng';
import { numel } from '../../../core/numbers/shape';
import type { StorageName } from '../../../core/numbers/storage_names';
import type { SentenceSettings } from '../../../core/pooling/sentences';
import type { ModelFiles } from '../../../formats/models/model_files';
import type { StoredTensor, TensorHeader } from '../../../formats/tensors/stored_tensor';
import type { Runner } from '../../../graph/runner';
import type { Step } from '../../../graph/step';
import { pinned, shardsOf, storageOf, type Value } from '../../../graph/value';
import { type Architecture, tokenMatrices, type WeightSpec } from '../../../models/architecture';
import { areOtherLabels, withLabels } from '../../../models/labels';
import type { LoadedModel } from '../../../models/loaded_model';
import { untied } from '../../../models/untied';
import { createArchitecture, createTask } from '../../../tasks/task_registry';
import { logitsProgram } from '../../../train/steps/loss_program';
import type { LoadOptions } from '../../protocol';
import { baseIdentity } from '../base_identity';
import { chosenPooling } from './chosen_pooling';
import { imageSizeOf } from './late_images';
import { notTied, TiedHeads } from './tied_heads';
import { chooseStorage, fitsAll, type StorageOf, slicesOf, takeStored, weightValue } from './weight_storage';
import { denseTensors, WeightTensors } from './weight_tensors';

const MOST_WEIGHTS = 4096;
const MOST_ELEMENTS = 2 ** 31;

export interface LoadModelOptions
  extends Pick<
    LoadOptions,
    'dtype' | 'task' | 'labels' | 'ignore_mismatched_sizes' | 'renews_head' | 'module_names' | 'pooling' | 'hasToken'
  > {
  readonly warn?: Warn | undefined;
  /** Reads the folder's settings for text embeddings. Called after config.json is read, before any weight. */
  readonly sentences?: (() => Promise<SentenceSettings | undefined>) | undefined;
  /** Called with the progress of the upload of weights to the GPU, from 0 to 100. */
  onUpload(progress: number): void;
  /** Called with the progress of compiling kernels, from 0 to 100. Kernels compile while the model loads, and possibly longer. */
  onCompile?(progress: number): void;
}

/**
 * Reads a model's configuration and weights, and uploads the weights as they arrive. On failure, frees all memory of the model. Throws
 * `unsupported_model`, `invalid_format` (missing tensors, wrong shapes), and the errors of `files`.
 */
export async function loadModel(files: ModelFiles, runner: Runner, options: LoadModelOptions): Promise<LoadedModel> {
  const given = await files.config();
  const config = withLabels(given, options.labels);
  const sentences = await options.sentences?.();
  const pooling = options.pooling && chosenPooling(options.pooling, config, sentences);
  const dense = denseTensors(pooling?.dense && (await sentences?.tensors?.()));
  const imageSize = await imageSizeOf(config, files);
  const model = createArchitecture(config, options.task, { moduleNames: options.module_names, pooling, imageSize });
  const weights = new Map<string, Value>();
  const constants = new Map<string, Value>();
  try {
    const initial = await loadWeights(files, runner, model, weights, { ...options, dense });
    const isRenewed = options.renews_head === true && areOtherLabels(given, options.labels);
    const identity = isRenewed ? await renewHead(model, runner, { weights, initial }, options) : undefined;
    for (const { name, shape, compute } of model.constants) {
      const value = pinned(name, shape);
      constants.set(name, value);
      await runner.allocate([value]);
      runner.write(value, compute());
    }
    return { model: untied(model, weights), weights, constants, joinsSteps: !runner.isSoftware, initial, identity };
  } catch (error) {
    runner.free([...weights.values(), ...constants.values()]);
    throw error;
  }
}

/**
 * Replaces the weights of the head's last layer by new initial values, unless the files lack them. Resolves with the model's fingerprint
 * before this change, by which profiles recognise the model; undefined if nothing has changed.
 */
async function renewHead(
  model: Architecture,
  runner: Runner,
  { weights, initial }: { readonly weights: Map<string, Value>; readonly initial: Set<string> },
  { warn, ...options }: LoadModelOptions,
): Promise<string | undefined> {
  const { lastLayer } = model.head;
  const specs = model.head.weights.filter(({ name }) => name.startsWith(`${lastLayer}.`) && !initial.has(name));
  if (specs.length === 0) return undefined;
  const identity = await baseIdentity({ weights }, runner);
  for (const { name } of specs) {
    const old = weights.get(name);
    if (old !== undefined) runner.free([old]);
    weights.delete(name);
    initial.add(name);
  }
  await makeWeights(specs, runner, weights);
  warn?.(newlyInitialized(model, specs, options));
  return identity;
}

/** Loads the weights. `dense`: the dense layers' tensors, which have their own files. Resolves with the names of the weights in no file. */
async function loadWeights(
  files: ModelFiles,
  runner: Runner,
  model: Architecture,
  weights: Map<string, Value>,
  { warn, dense, ...options }: LoadModelOptions & { readonly dense: readonly StoredTensor[] },
): Promise<Set<string>> {
  const tensors = new WeightTensors(model, options);
  const storageFor = chooseStorage(options.dtype, tokenMatrices(model));
  const compile = compilerOf(model, runner, storageFor, options);
  const heads = new TiedHeads(tensors);
  const specOf = (tensor: TensorHeader): WeightSpec | undefined => tensors.weightOf(tensor) ?? heads.weightOf(tensor);
  const select = (tensor: TensorHeader): boolean => {
    const spec = specOf(tensor);
    if (spec !== undefined) compile(spec, tensor);
    return spec !== undefined;
  };
  const read = new Set<string>();
  const load = async (tensor: StoredTensor, spec: WeightSpec): Promise<void> => {
    if (read.has(spec.name)) {
      throw new WebVeraError('invalid_format', `Expected tensor ${spec.name} once, got it again as ${tensor.name}`);
    }
    read.add(spec.name);
    const value = weightValue(spec, storageFor(spec, tensor), runner.maxBindingBytes);
    const slices = readSlices(value, spec, tensor);
    const { value: first } = await slices.next();
    if (first !== undefined && (await heads.isRepeated(spec, value, first.data))) return;
    weights.set(spec.name, value);
    await runner.allocate([value]);
    if (first !== undefined) runner.write(first.shard, first.data, first.offset);
    for await (const { shard, data, offset } of slices) runner.write(shard, data, offset);
    options.onUpload(Math.min(100, (100 * weights.size) / model.weights.length));
  };
  for await (const tensor of files.tensors(select)) {
    const spec = specOf(tensor);
    if (spec !== undefined) await load(tensor, spec);
  }
  for (const tensor of dense) {
    const spec = tensors.weightOf(tensor);
    if (spec !== undefined && !read.has(spec.name)) await load(tensor, spec);
  }
  for (const head of heads.settle(weights)) warn?.(notTied(head));
  const absent = tensors.newWeights(weights);
  await makeWeights(absent, runner, weights);
  if (absent.length > 0) warn?.(newlyInitialized(model, absent, options));
  return new Set(absent.map(({ name }) => name));
}

/** Rows of a tensor as stored on the device, and their offset in bytes in the shard that holds them. */
interface StoredSlice {
  readonly shard: Value;
  readonly data: ArrayBufferView<ArrayBuffer>;
  readonly offset: number;
}

async function* readSlices(value: Value, spec: WeightSpec, tensor: StoredTensor): AsyncGenerator<StoredSlice, void> {
  for (const { value: shard } of shardsOf(value)) {
    let offset = 0;
    for (const rows of slicesOf(spec, shard)) {
      const data = await takeStored(spec, storageOf(shard), tensor, rows);
      yield { shard, data, offset };
      offset += data.byteLength;
    }
  }
}

/**
 * Returns a function to call with each tensor's header, before the weights are read. At the first matrix that every storage format can
 * hold, it starts to compile the kernels of the forward pass. It assumes that the files store all tensors like this matrix. A software GPU
 * compiles on the cores that read the weights, and training with merged weights needs other kernels, so there it does nothing.
 */
function compilerOf(
  model: Architecture,
  runner: Runner,
  storageFor: StorageOf,
  { onCompile }: Pick<LoadModelOptions, 'onCompile'>,
): (spec: WeightSpec, tensor: TensorHeader) => void {
  let isCompiled = runner.isSoftware || !isModest(model);
  return (spec, tensor) => {
    if (isCompiled || !fitsAll(spec)) return;
    isCompiled = true;
    const steps = forwardSteps(model, (other) => storageFor(other, tensor), runner.maxBindingBytes);
    runner.prepare(steps, (share) => onCompile?.(100 * share));
  };
}

/** Whether config.json describes a model of acceptable size. Only then is its forward pass built before the weights are read. */
export function isModest({ weights }: Architecture): boolean {
  return weights.length <= MOST_WEIGHTS && weights.every(({ shape }) => numel(shape) <= MOST_ELEMENTS);
}

/**
 * Returns the steps of a forward pass over 256 tokens, or over as many as the model accepts: prompts, texts and images need the kernels for
 * many rows. The steps are never run: only their kernels are compiled.
 */
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
  return logitsProgram(task, loaded, BASE, task.fullShape({ max_length: 256, per_device_train_batch_size: 1 })).program
    .steps;
}

/**
 * Initialises weights that a model's files lack, with the normal distribution of transformers, which isn't truncated here. The random
 * numbers are seeded with the tensors' names, so that a model is the same at each load and a run can resume after a reload.
 */
export async function makeWeights(
  specs: readonly WeightSpec[],
  runner: Runner,
  weights: Map<string, Value>,
): Promise<void> {
  for (const { name, shape, initialStd = 0, initialMean = 0 } of specs) {
    const value = pinned(name, shape);
    weights.set(name, value);
    await runner.allocate([value]);
    const drawn =
      initialStd === 0 ? new Float32Array(numel(shape)) : normals({ seed: seedOf(name), stream: 'init' }, numel(shape));
    runner.write(value, drawn.map((number) => initialMean + number * initialStd) as Float32Array<ArrayBuffer>);
  }
}

/**
 * Returns the warning about new weights, with transformers' message. If only the head is new and the caller gave labels, the caller is
 * about to train the head. The code is then 'new_head', and the console doesn't show the warning.
 */
export function newlyInitialized(
  { head }: Pick<Architecture, 'head'>,
  specs: readonly WeightSpec[],
  { labels }: Pick<LoadOptions, 'labels'> = {},
): Warning {
  const ofHead = new Set(head.weights.map(({ name }) => name));
  const isAsked = labels !== undefined && specs.every(({ name }) => ofHead.has(name));
  const names = specs.map(({ name }) => `'${name}'`).sort();
  const message =
    `Some weights of ${head.className} were not initialized from the model checkpoint and are newly initialized: ` +
    `[${names.join(', ')}]. You should probably TRAIN this model on a down-stream task to be able to use it for ` +
    'predictions and inference.';
  return { code: isAsked ? 'new_head' : 'newly_initialized', message };
}
