import type { Adapter } from '../../adapters/adapter';
import { type AtOneStep, atOneStep } from '../../adapters/layers/at_one_step';
import { type MergedOnto, mergedBias, mergedWeight } from '../../adapters/layers/merge';
import { WebVeraError } from '../../core/errors/error';
import { unpacked } from '../../core/numbers/storage';
import type { Runner } from '../../graph/runner';
import { storageOf, type Value } from '../../graph/value';
import { baseTensor, type LoadedModel } from '../../models/loaded_model';
import type { BaseModel } from '../models/base_model';
import { readFloats, storedAs } from '../models/loading/file_order';
import type { MadeMerge } from './merged_weights';

/** A merge that the caller requested. */
export interface Merging {
  /** The adapters' names; undefined for the active ones. */
  readonly names: readonly string[] | undefined;
  /** Whether to reject results that aren't finite. To check them, each merged weight is read back from the device. */
  readonly safe: boolean;
  readonly signal: AbortSignal;
  /** Called after each merged module, with the number of modules done and of all modules. */
  onProgress(done: number, total: number): void;
}

/** The data from which merged and unloaded models are computed. */
export interface Ingredients {
  readonly base: BaseModel;
  /** The weights that are merged already, by tensor name. */
  readonly mergedWeights: ReadonlyMap<string, Value>;
  /** The adapters whose trained values the merged weights depend on. */
  readonly adapters: Iterable<Adapter>;
  /** The tensors that adapters train in place of the base model's. */
  readonly tensors: ReadonlyMap<string, Value>;
}

/** The tensors that only the unloaded model uses. */
interface Unloaded {
  /** The merged weights; undefined if no merge was requested. */
  readonly made: MadeMerge | undefined;
  /** Copies of the trained biases and whole modules, by tensor name. */
  readonly copies: ReadonlyMap<string, Value>;
}

/**
 * Computes merged weights without changing the model. The values of all adapters are those after the same training step, even if a run
 * continues meanwhile. Rejects with the signal's reason, and with `numerical_error` if a safe merge finds a value that isn't finite.
 */
export function prepareMerge(of: Ingredients, fresh: readonly Adapter[], merging: Merging): Promise<MadeMerge> {
  return atOneStep(of.base.runner, of.adapters, (then) => mergeAll(of, fresh, then, merging));
}

/**
 * Like `prepareMerge`, but also copies the trained biases and whole modules, with their values after the same step. Without `merging`, only
 * makes these copies.
 */
export function prepareUnload(
  of: Ingredients,
  fresh: readonly Adapter[],
  merging: Merging | undefined,
): Promise<Unloaded> {
  return atOneStep(of.base.runner, of.adapters, async (then) => {
    const made = merging && (await mergeAll(of, fresh, then, merging));
    const isMerged = (name: string): boolean => made?.weights.has(name) === true || of.mergedWeights.has(name);
    const whole = [...of.tensors].filter(([name]) => !isMerged(name));
    try {
      return { made, copies: await of.base.copiesOf(new Map(whole.map(([name, value]) => [name, then.value(value)]))) };
    } catch (error) {
      of.base.runner.free(made?.weights.values() ?? []);
      throw error;
    }
  });
}

/** Merges the adapters in order, each into the result of the previous merges. The base model's own weights don't change. */
async function mergeAll(
  { base, mergedWeights, tensors }: Ingredients,
  adapters: readonly Adapter[],
  then: AtOneStep,
  { safe, signal, onProgress }: Merging,
): Promise<MadeMerge> {
  const { runner } = base;
  const total = adapters.reduce((sum, { modules }) => sum + modules.size, 0);
  const weights = new Map<string, Value>();
  const sources = new Set<Value>();
  let done = 0;
  try {
    for (const adapter of adapters) {
      for (const module of adapter.modules.keys()) {
        signal.throwIfAborted();
        for (const part of partsToMerge(base.loaded, adapter, module)) {
          const name = `${module}.${part}`;
          const before = weights.get(name);
          // One adapter may wrap a module that another trains whole. Then the trained tensor takes the place of the base model's.
          const own = tensors.get(name) ?? baseTensor(base.loaded, name);
          const source = before ?? mergedWeights.get(name) ?? own;
          const onto = { weight: then.value(source), base: then.value(own) };
          const merged = await mergeOne(runner, then.adapter(adapter), { module, part, onto });
          sources.add(source);
          weights.set(name, merged);
          if (before !== undefined) runner.free([before]);
          if (safe) await expectFinite(runner, merged, part, adapter.name);
        }
        done += 1;
        onProgress(done, total);
      }
    }
  } catch (error) {
    runner.free(weights.values());
    throw error;
  }
  return { adapters, weights, sources };
}

/** The tensors of a module that merging changes. */
type MergedPart = 'weight' | 'bias';

function partsToMerge({ weights }: LoadedModel, adapter: Adapter, module: string): readonly MergedPart[] {
  return adapter.changesBias(module) && weights.has(`${module}.bias`) ? ['weight', 'bias'] : ['weight'];
}

/** Merges in float32, then rounds the result once: to the tensor's dtype if it has half precision, to float16 if it is packed (q8, q4). */
async function mergeOne(
  runner: Runner,
  adapter: Adapter,
  { module, part, onto }: { readonly module: string; readonly part: MergedPart; readonly onto: MergedOnto },
): Promise<Value> {
  const { weight: value } = onto;
  const merged = await (part === 'weight'
    ? mergedWeight(runner, adapter, module, onto)
    : mergedBias(runner, adapter, module, value));
  if (value.dtype === merged.dtype) return merged;
  try {
    return await storedAs(runner, merged, unpacked(storageOf(value)));
  } finally {
    runner.free([merged]);
  }
}

async function expectFinite(runner: Runner, value: Value, part: MergedPart, adapter: string): Promise<void> {
  const numbers = await readFloats(runner, value);
  if (numbers.every(Number.isFinite)) return;
  const what = part === 'weight' ? 'weights' : 'bias';
  const message = `NaNs detected in the merged ${what}. The adapter ${adapter} seems to be broken`;
  throw new WebVeraError('numerical_error', message, {
    hint: 'Nothing was merged. Train the adapter again with a lower learning_rate.',
    detail: { tensor: value.name },
  });
}
