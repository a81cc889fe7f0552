import { modulesToMerge } from '../adapters/modes';
import type { Overlay } from '../adapters/overlay';
import type { VeraAdapter } from '../adapters/vera_adapter';
import { bucketLength } from '../core/bucket';
import { WebVeraError } from '../core/error';
import type { ResolvedTrainingArguments } from '../core/training';
import { Graph } from '../graph/graph';
import type { LoadedProgram, Runner } from '../graph/runner';
import { byteLength, pinned, type Value } from '../graph/value';
import { baseTensor, type LoadedModel } from '../models/loaded_model';
import { veraMerge } from '../ops/vera_merge';

/** `cheapest`: those that it saves work, within bounds of memory. `all`: wherever it can be. */
export type MergeChoice = 'cheapest' | 'all' | 'none';

/** Copies take at most so much of what the model takes, or so many bytes. */
const SHARE = 1 / 8;
const SMALL = 16 * 2 ** 20;

/** Weights with an adapter's change in them, made anew before each step as the adapter learns. */
export class MergedWeights {
  /** W + ΔW in float32, by module name. */
  readonly values: ReadonlyMap<string, Value>;
  readonly #runner: Runner;
  /** The sums. */
  readonly program: LoadedProgram;

  private constructor(runner: Runner, values: ReadonlyMap<string, Value>, program: LoadedProgram) {
    this.#runner = runner;
    this.values = values;
    this.program = program;
  }

  /** For the one adapter of an overlay. Undefined without modules, and where there is too little memory for them. */
  static async create(
    runner: Runner,
    loaded: LoadedModel,
    { adapters }: Overlay,
    modules: readonly string[],
  ): Promise<MergedWeights | undefined> {
    const [adapter] = adapters;
    if (adapter === undefined || modules.length === 0) return undefined;
    const { values, g } = merging(loaded, adapter, modules);
    try {
      await runner.allocate(values.values());
      const program = await runner.load({ name: 'merge', steps: g.steps, outputs: [] });
      return new MergedWeights(runner, values, program);
    } catch (error) {
      runner.free(values.values());
      if (error instanceof WebVeraError && error.code === 'out_of_memory') return undefined;
      throw error;
    }
  }

  /** Queues the sums, with the adapter's vectors as the runs before leave them. */
  refresh(): void {
    this.#runner.run(this.program);
  }

  release(): void {
    this.program.release();
    this.#runner.free(this.values.values());
  }
}

function merging(
  loaded: LoadedModel,
  { layout, projections, lambda }: VeraAdapter,
  modules: readonly string[],
): { readonly values: Map<string, Value>; readonly g: Graph } {
  const values = new Map<string, Value>();
  const g = new Graph();
  for (const module of modules) {
    const slot = layout.slots.get(module);
    if (slot === undefined) continue;
    const { in_features: K, out_features, offsetB, offsetD } = slot;
    const into = pinned(`${module} with its change`, [out_features, K]);
    const weight = baseTensor(loaded, `${module}.weight`);
    veraMerge(g, { weight, ...projections, lambda, offsetB, offsetD, K }, into);
    values.set(module, into);
  }
  return { values, g };
}

/**
 * The modules that a run trains merged. Only where one adapter is there, which trains without dropout: its masks differ
 * from token to token. The choice follows from the arguments, so that a run that is resumed makes the same.
 */
export function modulesMerged({
  loaded,
  overlay,
  adapters,
  args,
  merge = 'cheapest',
}: {
  readonly loaded: LoadedModel;
  readonly overlay: Overlay;
  readonly adapters: readonly VeraAdapter[];
  readonly args: Pick<
    ResolvedTrainingArguments,
    'max_length' | 'per_device_train_batch_size' | 'gradient_accumulation_steps'
  >;
  readonly merge?: MergeChoice | undefined;
}): readonly string[] {
  const [adapter] = adapters;
  if (merge === 'none' || adapter === undefined || overlay.adapters.length > 1) return [];
  const { config, layout } = adapter;
  if (config.vera_dropout > 0 || overlay.merged.size > 0) return [];
  const { model, weights } = loaded;
  // A weight that trains itself, and one that embeds tokens too, are left as they are.
  const isFree = (name: string): boolean => name !== model.head && !overlay.tensors.has(`${name}.weight`);
  const slots = new Map([...layout.slots].filter(([name]) => isFree(name)));
  if (merge === 'all') return [...slots.keys()];
  const held = [...weights.values()].reduce((sum, value) => sum + byteLength(value), 0);
  const length = bucketLength(Math.min(args.max_length, model.maxLength), model.maxLength);
  return modulesToMerge(slots, {
    r: layout.r,
    tokens: args.per_device_train_batch_size * length,
    microBatches: args.gradient_accumulation_steps,
    bytes: Math.max(SMALL, SHARE * held),
  });
}
