import type { Adapter } from '../../adapters/adapter';
import type { Overlay } from '../../adapters/layers/overlay';
import type { ModeChoice, TrainingLayers } from '../../adapters/layers/training_layers';
import { WebVeraError } from '../../core/errors/error';
import type { ResolvedTrainingArguments } from '../../core/types/training';
import type { LoadedProgram, Program, Runner } from '../../graph/runner';
import type { Step } from '../../graph/step';
import { byteLength, type Value } from '../../graph/value';
import { baseTensor, type LoadedModel } from '../../models/loaded_model';
import { outlineOf } from '../../models/outline';
import type { TaskBatches } from '../../tasks/task/task_batches';

/** The limit on the bytes of values that adapted layers need only in training, as a share of the model's bytes; at least `SMALL` bytes. */
const SHARE = 1 / 8;
const SMALL = 32 * 2 ** 20;

/**
 * A run's adapted layers on the device, with the values that they need and the programs that run before and after a step's micro-batches.
 */
export class LoadedLayers {
  /** The adapted layers in a micro-batch's program; undefined if they are computed as in a pass without training. */
  readonly inProgram: Pick<TrainingLayers, 'over' | 'gradients'> | undefined;
  readonly #runner: Runner;
  readonly #values: readonly Value[];
  /** Runs before each step's micro-batches. */
  readonly before: LoadedProgram | undefined;
  /** Runs after each step's micro-batches. */
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

  /**
   * Allocates the layers' values and loads their programs. If memory runs out, computes the layers without these values, provided that the
   * adapter's kind supports this.
   */
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
      const less =
        error instanceof WebVeraError && error.code === 'out_of_memory' ? layers.withoutValues?.() : undefined;
      if (less === undefined) throw error;
      return new LoadedLayers(runner, { ...less, gradients: new Map() });
    }
  }

  /** Resolves once the kernels of both programs are compiled. */
  get ready(): Promise<unknown> {
    return Promise.all([this.before?.ready, this.after?.ready]);
  }

  /** The dispatches of both programs. */
  get steps(): readonly Step[] {
    return [this.before, this.after].flatMap((loaded) => loaded?.program.steps ?? []);
  }

  /** Queues the program that runs before a step's micro-batches. */
  begin(): void {
    if (this.before !== undefined) this.#runner.run(this.before);
  }

  /** Queues the program that runs after a step's micro-batches have added their gradients. */
  finish(): void {
    if (this.after !== undefined) this.#runner.run(this.after);
  }

  release(): void {
    this.before?.release();
    this.after?.release();
    this.#runner.free(this.#values);
  }
}

/**
 * Returns how the adapter's kind computes the adapted layers in a run that trains only this adapter. Undefined if the overlay has other
 * adapters or merged weights.
 */
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
  readonly task: Pick<TaskBatches, 'fullShape'>;
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
  if (overlay.adapters.length > 1 || overlay.mergedModules.size > 0) return undefined;
  const held = [...loaded.weights.values()].reduce((sum, value) => sum + byteLength(value), 0);
  const { B, T } = task.fullShape(args);
  return adapter.kind.trainingLayers?.(adapter, {
    weights: frozenWeights(loaded, overlay, adapter),
    inputs: () => outlineOf(loaded).inputs,
    choice,
    tokens: B * T,
    microBatches: args.gradient_accumulation_steps,
    bytes: Math.max(SMALL, SHARE * held),
    maxBindingBytes,
    grads: into,
  });
}

/**
 * Returns the frozen weights of the wrapped modules. Leaves out sharded weights, weights that the overlay replaces, and those of the head,
 * because the head processes only some of the rows.
 */
function frozenWeights(loaded: LoadedModel, { tensors }: Overlay, { modules }: Adapter): Map<string, Value> {
  const weights = new Map<string, Value>();
  const ofHead = new Set(loaded.model.head.modules.map(({ name }) => name));
  for (const name of modules.keys()) {
    const tensor = `${name}.weight`;
    if (ofHead.has(name) || tensors.has(tensor)) continue;
    const weight = baseTensor(loaded, tensor);
    if (weight.shards === undefined) weights.set(name, weight);
  }
  return weights;
}
