import { Graph } from '../../../graph/graph';
import type { Program } from '../../../graph/runner';
import { pinned, type Value } from '../../../graph/value';
import { clear } from '../../../ops/fill';
import { emitMatrices } from '../../../ops/unilora/unilora_matrices';
import type { TrainingLayers, TrainingRequest } from '../../layers/training_layers';
import { loraLayers } from '../../lora/layers/lora_layers';
import type { UniloraAdapter } from '../unilora_adapter';
import { branchesIn } from './branches';
import { lowRankOf } from './unilora_layers';

/**
 * Returns the layers of a run. The matrices are computed from the vector before each step. After the step, the gradients of the matrices'
 * entries are added to the vector's gradient.
 */
export function trainingLayers(adapter: UniloraAdapter, { grads }: Pick<TrainingRequest, 'grads'>): TrainingLayers {
  const shape = [adapter.matrices.length];
  const matrices = pinned('unilora matrices', shape);
  const gradient = pinned('gradient of unilora matrices', shape);
  const branches = branchesIn(adapter, matrices);
  const gradients = branchesIn(adapter, gradient);
  return {
    over: (g, base, source) =>
      loraLayers(g, base, [lowRankOf(adapter, branches)], { mergedModules: new Set(), source }),
    values: [matrices, gradient],
    gradients: new Map(
      [...branches].flatMap(([name, { A, B }]): [Value, Value][] => {
        const of = gradients.get(name);
        return of === undefined
          ? []
          : [
              [A, of.A],
              [B, of.B],
            ];
      }),
    ),
    ...programs(adapter, { matrices, gradient, grads }),
  };
}

function programs(
  adapter: UniloraAdapter,
  { matrices, gradient, grads }: { readonly matrices: Value; readonly gradient: Value; readonly grads: Value },
): { readonly before: Program; readonly after: Program } {
  const g = new Graph();
  g.train(adapter.pool);
  clear(g, gradient);
  emitMatrices(g, adapter.pool, adapter.entries, matrices);
  const forward = g.steps.length;
  // The backward pass starts from the gradient of `matrices`, which this map contains. `grad` also requires the arguments y and dy, so it
  // gets the pool and its gradient again.
  const into = new Map([
    [adapter.pool, grads],
    [matrices, gradient],
  ]);
  g.grad(adapter.pool, grads, into);
  return {
    before: { name: 'matrices', steps: g.steps.slice(0, forward), outputs: [] },
    after: { name: 'matrices backward', steps: g.steps.slice(forward), outputs: [] },
  };
}
