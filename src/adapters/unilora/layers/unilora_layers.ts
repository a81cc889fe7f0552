import { WebVeraError } from '../../../core/errors/error';
import type { Graph } from '../../../graph/graph';
import type { Layers } from '../../../models/layers';
import type { LayerOptions } from '../../adapter';
import { loraLayers } from '../../lora/layers/lora_layers';
import type { UniloraAdapter } from '../unilora_adapter';
import { emitBranches, type ModuleBranch } from './branches';

/**
 * Returns the layers with the adapters' changes. A program computes the matrices of each adapter once. Throws `invalid_argument` if a
 * vector trains: training needs a single adapter, with the layers of `trainingLayers`.
 */
export function uniloraLayers(
  g: Graph,
  base: Layers,
  adapters: readonly UniloraAdapter[],
  options: LayerOptions,
): Layers {
  if (adapters.some(({ pool }) => g.trains(pool))) {
    throw new WebVeraError(
      'invalid_argument',
      `Expected one active UniLoRA adapter in training, got ${adapters.length}`,
      {
        hint: 'Activate the adapter that trains alone, by set_adapter(), and unmerge the others.',
      },
    );
  }
  const lowRank = adapters.map((adapter) => lowRankOf(adapter, emitBranches(g, adapter)));
  return loraLayers(g, base, lowRank, options);
}

/** Returns an adapter as LoRA's layers expect it, with the matrices of `branches`. */
export function lowRankOf({ dropout }: UniloraAdapter, branches: ReadonlyMap<string, ModuleBranch>) {
  return { dropout, branchOf: (module: string) => branches.get(module), magnitudeOf: () => undefined };
}
