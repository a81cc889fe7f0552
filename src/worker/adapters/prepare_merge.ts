import type { Adapter } from '../../adapters/adapter';
import { type AtOneStep, atOneStep } from '../../adapters/at_one_step';
import type { Value } from '../../graph/value';
import { baseTensor } from '../../models/loaded_model';
import type { BaseModel } from '../models/base_model';
import type { MadeMerge, MergedWeights, MergeOptions } from './merged_weights';

/**
 * Where a change that can be cancelled is prepared: resolves when it is to be done, and rejects when it isn't. Before that
 * nothing has changed, and after it nothing cancels it.
 */
export type Ready = () => Promise<void>;

/** Of a merge; with `names` undefined the active adapters'. */
export interface Merging extends MergeOptions {
  readonly names: readonly string[] | undefined;
}

/** What merged and unloaded models are made of. */
export interface Ingredients {
  readonly base: BaseModel;
  readonly merges: MergedWeights;
  /** The adapters whose numbers are read. */
  readonly adapters: Iterable<Adapter>;
  /** What they train whole in place of the base model's tensors. */
  readonly tensors: ReadonlyMap<string, Value>;
}

/** What an unloaded model has of its own. */
interface Unloaded {
  /** Undefined where nothing merged is wanted. */
  readonly made: MadeMerge | undefined;
  /** Of what is trained whole, by tensor name. */
  readonly copies: ReadonlyMap<string, Value>;
}

/** Makes merged weights with the vectors of one step, while nothing changes. */
export function prepareMerge(of: Ingredients, fresh: readonly Adapter[], merging: Merging): Promise<MadeMerge> {
  return atOneStep(of.base.runner, of.adapters, (then) => make(of, fresh, then, merging));
}

/** The same with copies of what is trained whole, of the same step; without `merging` of those alone. */
export function prepareUnload(
  of: Ingredients,
  fresh: readonly Adapter[],
  merging: Merging | undefined,
): Promise<Unloaded> {
  return atOneStep(of.base.runner, of.adapters, async (then) => {
    const made = merging && (await make(of, fresh, then, merging));
    const isMerged = (name: string): boolean => made !== undefined && (made.weights.has(name) || of.merges.has(name));
    const whole = [...of.tensors].filter(([name]) => !isMerged(name));
    try {
      return { made, copies: await of.base.copiesOf(new Map(whole.map(([name, value]) => [name, then.value(value)]))) };
    } catch (error) {
      of.base.runner.free(made?.weights.values() ?? []);
      throw error;
    }
  });
}

/** Waits for the word that a change is to be done; calls `undo` where it isn't. */
export async function readyOrUndo(ready: Ready, undo: () => void): Promise<void> {
  try {
    await ready();
  } catch (error) {
    undo();
    throw error;
  }
}

function make(
  { base, merges, tensors }: Ingredients,
  fresh: readonly Adapter[],
  then: AtOneStep,
  options: MergeOptions,
): Promise<MadeMerge> {
  // What one adapter saves whole, another may wrap.
  const weightOf = (name: string): Value => tensors.get(name) ?? baseTensor(base.loaded, name);
  return merges.make(fresh, weightOf, then, options);
}
