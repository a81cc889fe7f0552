import { Graph } from '../../../graph/graph';
import type { Program } from '../../../graph/runner';
import { byteLength, pinned, type Value } from '../../../graph/value';
import { clear } from '../../../ops/fill';
import { differentiateMerge } from '../../../ops/vera/vera_merge';
import type { LayerMode, TrainingLayers, TrainingRequest } from '../../layers/training_layers';
import type { VeraAdapter } from '../vera_adapter';
import { chooseModes } from './modes';
import { type LayerPlan, veraLayers } from './vera_layers';

/** Undefined with dropout: a merged weight can't drop each token's inputs separately, so all layers are unmerged. */
export function trainingLayers(adapter: VeraAdapter, request: TrainingRequest): TrainingLayers | undefined {
  if (adapter.dropout > 0) return undefined;
  const plans = planLayers(adapter, modesOf(adapter, request), request.maxBindingBytes);
  return layersWith(adapter, plans, request);
}

/** The mode of each module; the others are unmerged. Modes depend on a run's arguments alone, so a resumed run has the same. */
export function modesOf(
  { layout }: VeraAdapter,
  { weights, inputs, choice, tokens, microBatches, bytes }: Omit<TrainingRequest, 'maxBindingBytes' | 'grads'>,
): ReadonlyMap<string, LayerMode> {
  const slots = new Map([...layout.slots].filter(([name]) => weights.has(name)));
  if (choice !== 'cheapest') return new Map([...slots.keys()].map((name) => [name, choice]));
  return chooseModes(slots, { r: layout.r, tokens, microBatches, bytes, inputs: inputs() });
}

/** Modules whose merged f32 weight would be too large to bind stay unmerged. */
function planLayers(
  { layout }: VeraAdapter,
  modes: ReadonlyMap<string, LayerMode>,
  maxBindingBytes: number,
): Map<string, LayerPlan> {
  const plans = new Map<string, LayerPlan>();
  for (const [module, { in_features, out_features }] of layout.slots) {
    const mode = modes.get(module);
    const weightLike = (name: string): Value => pinned(name, [out_features, in_features]);
    const weight = weightLike(`${module} with its change`);
    if (mode === 'saved') plans.set(module, { mode });
    if (byteLength(weight) > maxBindingBytes) continue;
    if (mode === 'merged') plans.set(module, { mode, weight });
    if (mode === 'dense') plans.set(module, { mode, weight, gradient: weightLike(`gradient of ${module}`) });
  }
  return plans;
}

function layersWith(
  adapter: VeraAdapter,
  plans: ReadonlyMap<string, LayerPlan>,
  request: Pick<TrainingRequest, 'weights' | 'grads'>,
): TrainingLayers {
  const over = (plans: ReadonlyMap<string, LayerPlan>): TrainingLayers['over'] => {
    return (g, base) => veraLayers(g, base, [adapter], { mergedModules: new Set(), plans });
  };
  const dense = [...plans.values()].filter((plan) => plan.mode === 'dense');
  return {
    over: over(plans),
    values: [...plans.values()].flatMap(valuesOf),
    gradients: new Map(dense.map(({ weight, gradient }) => [weight, gradient])),
    ...programs(adapter, plans, request),
    withoutValues: () => ({ over: over(new Map([...plans].filter(([, plan]) => valuesOf(plan).length === 0))) }),
  };
}

function valuesOf(plan: LayerPlan): Value[] {
  if (plan.mode === 'saved') return [];
  return plan.mode === 'merged' ? [plan.weight] : [plan.weight, plan.gradient];
}

/** Before a step's micro-batches: W + ΔW. After them: the adapter's gradients from those of these weights. */
function programs(
  adapter: VeraAdapter,
  plans: ReadonlyMap<string, LayerPlan>,
  { weights, grads }: Pick<TrainingRequest, 'weights' | 'grads'>,
): { readonly before: Program; readonly after: Program } {
  const g = new Graph();
  g.train(adapter.pool);
  const into = new Map([[adapter.pool, grads]]);
  for (const [module, plan] of plans) {
    if (plan.mode === 'saved') continue;
    adapter.merge(g, module, weights.get(module), plan.weight);
    if (plan.mode === 'merged') continue;
    clear(g, plan.gradient);
    differentiateMerge(g, adapter.deltaOf(module), plan.weight);
    into.set(plan.weight, plan.gradient);
  }
  const forward = g.steps.length;
  // `into` holds the gradients that the backward pass starts from; y and dy only repeat an entry of it.
  g.grad(adapter.pool, grads, into);
  return {
    before: { name: 'merge', steps: g.steps.slice(0, forward), outputs: [] },
    after: { name: 'merge backward', steps: g.steps.slice(forward), outputs: [] },
  };
}
