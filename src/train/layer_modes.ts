import type { Overlay } from '../adapters/overlay';
import { chooseModes, type LayerMode, type VeraMode } from '../adapters/vera/modes';
import type { VeraAdapter } from '../adapters/vera/vera_adapter';
import { WebVeraError } from '../core/error';
import type { ResolvedTrainingArguments } from '../core/training';
import { Graph, type Step } from '../graph/graph';
import type { LoadedProgram, Program, Runner } from '../graph/runner';
import { byteLength, pinned, type Value } from '../graph/value';
import { baseTensor, type LoadedModel } from '../models/loaded_model';
import { clear } from '../ops/fill';
import { differentiateMerge, veraMerge } from '../ops/vera/vera_merge';
import type { Task } from '../tasks/task';

/** `cheapest`: each layer's own, within bounds of memory. A mode: for all layers that can have it. */
export type ModeChoice = 'cheapest' | VeraMode;

/** What modes keep takes at most so much of what the model takes, or so many bytes. */
const SHARE = 1 / 8;
const SMALL = 32 * 2 ** 20;

/** The modes of a run's layers, with the weights that hold an adapter's change and are made anew as it learns. */
export class LayerModes {
  /** By module; those not named are unmerged. */
  readonly layers: ReadonlyMap<string, LayerMode>;
  readonly #runner: Runner;
  /** Before each step's micro-batches: the sums W + ΔW. */
  readonly before: LoadedProgram | undefined;
  /** After them: what the gradients of those weights give to the adapter's. */
  readonly after: LoadedProgram | undefined;

  private constructor(
    runner: Runner,
    layers: ReadonlyMap<string, LayerMode>,
    { before, after }: { readonly before?: LoadedProgram | undefined; readonly after?: LoadedProgram | undefined } = {},
  ) {
    this.#runner = runner;
    this.layers = layers;
    this.before = before;
    this.after = after;
  }

  /**
   * For the one adapter of an overlay, whose gradients gather in `grads`. Where there is too little memory for weights of
   * their own, layers are unmerged.
   */
  static async create(
    runner: Runner,
    loaded: LoadedModel,
    { adapters }: Overlay,
    {
      modes,
      grads,
    }: { readonly modes: ReadonlyMap<string, VeraMode>; readonly grads: ReadonlyMap<VeraAdapter, Value> },
  ): Promise<LayerModes> {
    const [adapter] = adapters;
    const into = adapter && grads.get(adapter);
    if (adapter === undefined || into === undefined) return new LayerModes(runner, new Map());
    const layers = layerModes(adapter, modes, runner.maxBindingBytes);
    const values = valuesOf(layers);
    const { before, after } = programs(loaded, adapter, layers, into);
    const ready: LoadedProgram[] = [];
    const load = async (program: Program): Promise<LoadedProgram | undefined> => {
      if (program.steps.length === 0) return undefined;
      const made = await runner.load(program, { early: true });
      ready.push(made);
      return made;
    };
    try {
      await runner.allocate(values);
      return new LayerModes(runner, layers, { before: await load(before), after: await load(after) });
    } catch (error) {
      for (const program of ready) program.release();
      runner.free(values);
      if (!(error instanceof WebVeraError && error.code === 'out_of_memory')) throw error;
      return new LayerModes(runner, new Map([...layers].filter(([, { mode }]) => mode === 'saved')));
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

  /** Queues what must be done before a step's micro-batches, with the vectors as the runs before leave them. */
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
    this.#runner.free(valuesOf(this.layers));
  }
}

/** A weight whose copy can't be bound in one piece stays as it is. */
function layerModes(
  { layout }: VeraAdapter,
  modes: ReadonlyMap<string, VeraMode>,
  maxBindingBytes: number,
): Map<string, LayerMode> {
  const layers = new Map<string, LayerMode>();
  for (const [module, { in_features, out_features }] of layout.slots) {
    const mode = modes.get(module);
    const weightLike = (name: string): Value => pinned(name, [out_features, in_features]);
    const weight = weightLike(`${module} with its change`);
    if (mode === 'saved') layers.set(module, { mode });
    if (byteLength(weight) > maxBindingBytes) continue;
    if (mode === 'merged') layers.set(module, { mode, weight });
    if (mode === 'dense') layers.set(module, { mode, weight, gradient: weightLike(`gradient of ${module}`) });
  }
  return layers;
}

function valuesOf(layers: ReadonlyMap<string, LayerMode>): Value[] {
  return [...layers.values()].flatMap((layer) => {
    if (layer.mode === 'saved') return [];
    return layer.mode === 'merged' ? [layer.weight] : [layer.weight, layer.gradient];
  });
}

function programs(
  loaded: LoadedModel,
  { layout, projections, lambda }: VeraAdapter,
  layers: ReadonlyMap<string, LayerMode>,
  grads: Value,
): { readonly before: Program; readonly after: Program } {
  const g = new Graph();
  g.train(lambda);
  const into = new Map([[lambda, grads]]);
  for (const [module, layer] of layers) {
    const slot = layout.slots.get(module);
    if (slot === undefined || layer.mode === 'saved') continue;
    const { in_features: K, offsetB, offsetD } = slot;
    const merge = { ...projections, lambda, offsetB, offsetD, K };
    veraMerge(g, { ...merge, weight: baseTensor(loaded, `${module}.weight`) }, layer.weight);
    if (layer.mode === 'merged') continue;
    clear(g, layer.gradient);
    differentiateMerge(g, merge, layer.weight);
    into.set(layer.weight, layer.gradient);
  }
  const forward = g.steps.length;
  // The gradients that the backward pass begins with are in `into` already.
  g.grad(lambda, grads, into);
  return {
    before: { name: 'merge', steps: g.steps.slice(0, forward), outputs: [] },
    after: { name: 'merge backward', steps: g.steps.slice(forward), outputs: [] },
  };
}

/**
 * The modes of a run's modules. Only where one adapter is there, which trains without dropout: its masks differ from token
 * to token. The choice follows from the arguments, so that a run that is resumed makes the same.
 */
export function modesOf({
  loaded,
  task,
  overlay,
  adapters,
  args,
  modes = 'cheapest',
}: {
  readonly loaded: LoadedModel;
  readonly task: Pick<Task, 'fullShape'>;
  readonly overlay: Overlay;
  readonly adapters: readonly VeraAdapter[];
  readonly args: Pick<
    ResolvedTrainingArguments,
    'max_length' | 'per_device_train_batch_size' | 'gradient_accumulation_steps'
  >;
  readonly modes?: ModeChoice | undefined;
}): ReadonlyMap<string, VeraMode> {
  const [adapter] = adapters;
  if (adapter === undefined || overlay.adapters.length > 1) return new Map();
  const { config, layout } = adapter;
  if (config.vera_dropout > 0 || overlay.merged.size > 0) return new Map();
  const { model, weights } = loaded;
  // A weight that trains itself, one that embeds tokens too, and one too large to bind are left as they are.
  const isFree = (name: string): boolean =>
    name !== model.head &&
    !overlay.tensors.has(`${name}.weight`) &&
    weights.get(`${name}.weight`)?.shards === undefined;
  const slots = new Map([...layout.slots].filter(([name]) => isFree(name)));
  if (modes !== 'cheapest') return new Map([...slots.keys()].map((name) => [name, modes]));
  const held = [...weights.values()].reduce((sum, value) => sum + byteLength(value), 0);
  const { B, T } = task.fullShape(args);
  return chooseModes(slots, {
    r: layout.r,
    tokens: B * T,
    microBatches: args.gradient_accumulation_steps,
    bytes: Math.max(SMALL, SHARE * held),
  });
}
