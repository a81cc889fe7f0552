import type { Adapter } from '../adapters/adapter';
import type { Overlay } from '../adapters/overlay';
import type { ModeChoice, TrainingLayers } from '../adapters/training_layers';
import { WebVeraError } from '../core/error';
import type { ResolvedTrainingArguments } from '../core/training';
import type { Step } from '../graph/graph';
import type { LoadedProgram, Program, Runner } from '../graph/runner';
import { byteLength, type Value } from '../graph/value';
import { baseTensor, type LoadedModel } from '../models/loaded_model';
import { outlineOf } from '../models/outline';
import type { Task } from '../tasks/task';

/** What modes keep takes at most so much of what the model takes, or so many bytes. */
const SHARE = 1 / 8;
const SMALL = 32 * 2 ** 20;

/** The layers of a run, with their values and programs outside a micro-batch's program on the device. */
export class LoadedLayers {
  /** What a micro-batch's program is built with; undefined where the adapters' kind does as in any other pass. */
  readonly inProgram: Pick<TrainingLayers, 'over' | 'gradients'> | undefined;
  readonly #runner: Runner;
  readonly #values: readonly Value[];
  /** Before each step's micro-batches. */
  readonly before: LoadedProgram | undefined;
  /** After them. */
  readonly after: LoadedProgram | undefined;

  private constructor(
    runner: Runner,
    inProgram: LoadedLayers['inProgram'],
    {
      values = [],
      before,
      after,
    }: {
      readonly values?: readonly Value[];
      readonly before?: LoadedProgram | undefined;
      readonly after?: LoadedProgram | undefined;
    } = {},
  ) {
    this.#runner = runner;
    this.inProgram = inProgram;
    this.#values = values;
    this.before = before;
    this.after = after;
  }

  /** Where there is too little memory for values of their own, the layers do without. */
  static async create(runner: Runner, layers: TrainingLayers | undefined): Promise<LoadedLayers> {
    if (layers === undefined) return new LoadedLayers(runner, undefined);
    const { values } = layers;
    const ready: LoadedProgram[] = [];
    const load = async (program: Program): Promise<LoadedProgram | undefined> => {
      if (program.steps.length === 0) return undefined;
      const made = await runner.load(program, { early: true });
      ready.push(made);
      return made;
    };
    try {
      await runner.allocate(values);
      return new LoadedLayers(runner, layers, {
        values,
        before: await load(layers.before),
        after: await load(layers.after),
      });
    } catch (error) {
      for (const program of ready) program.release();
      runner.free(values);
      if (!(error instanceof WebVeraError && error.code === 'out_of_memory')) throw error;
      return new LoadedLayers(runner, { ...layers.withoutValues(), gradients: new Map() });
    }
  }

  /** Resolves once its programs' kernels are compiled. */
  get ready(): Promise<unknown> {
    return Promise.all([this.before?.ready, this.after?.ready]);
  }

  /** All that it adds to a step. */
  get steps(): readonly Step[] {
    return [this.before, this.after].flatMap((loaded) => loaded?.program.steps ?? []);
  }

  /** Queues what must be done before a step's micro-batches, with what trains as the runs before leave it. */
  begin(): void {
    if (this.before !== undefined) this.#runner.run(this.before);
  }

  /** Queues what must be done once all of them have given their gradients. */
  finish(): void {
    if (this.after !== undefined) this.#runner.run(this.after);
  }

  release(): void {
    this.before?.release();
    this.after?.release();
    this.#runner.free(this.#values);
  }
}

/** What the adapter's kind has for a run where one adapter trains and no other lies over the model; undefined elsewhere. */
export function layersOfRun({
  loaded,
  task,
  overlay,
  adapters,
  args,
  modes: choice = 'cheapest',
  grads,
  maxBindingBytes,
}: {
  readonly loaded: LoadedModel;
  readonly task: Pick<Task, 'fullShape'>;
  readonly overlay: Overlay;
  readonly adapters: readonly Adapter[];
  readonly args: Pick<
    ResolvedTrainingArguments,
    'max_length' | 'per_device_train_batch_size' | 'gradient_accumulation_steps'
  >;
  readonly modes?: ModeChoice | undefined;
  readonly grads: ReadonlyMap<Adapter, Value>;
  readonly maxBindingBytes: number;
}): TrainingLayers | undefined {
  const [adapter] = adapters;
  const into = adapter && grads.get(adapter);
  if (adapter === undefined || into === undefined) return undefined;
  if (overlay.adapters.length > 1 || overlay.merged.size > 0) return undefined;
  const held = [...loaded.weights.values()].reduce((sum, value) => sum + byteLength(value), 0);
  const { B, T } = task.fullShape(args);
  return adapter.kind.trainingLayers?.(adapter, {
    weights: stillWeights(loaded, overlay, adapter),
    inputs: () => outlineOf(loaded).inputs,
    choice,
    tokens: B * T,
    microBatches: args.gradient_accumulation_steps,
    bytes: Math.max(SMALL, SHARE * held),
    maxBindingBytes,
    grads: into,
  });
}

/** Of the modules that an adapter wraps, without those that train themselves, embed tokens too, or are too large to bind. */
function stillWeights(loaded: LoadedModel, { tensors }: Overlay, { modules }: Adapter): Map<string, Value> {
  const weights = new Map<string, Value>();
  for (const name of modules.keys()) {
    const tensor = `${name}.weight`;
    if (name === loaded.model.head || tensors.has(tensor)) continue;
    const weight = baseTensor(loaded, tensor);
    if (weight.shards === undefined) weights.set(name, weight);
  }
  return weights;
}
