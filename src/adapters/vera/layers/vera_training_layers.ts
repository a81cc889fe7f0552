import { roundUp, type Shape } from '../../../core/numbers/shape';
import { Graph } from '../../../graph/graph';
import type { Program } from '../../../graph/runner';
import { byteLength, pinned, pinnedTogether, type Value, wholeOf } from '../../../graph/value';
import { doraNorms } from '../../../ops/dora/dora_norm';
import { clear } from '../../../ops/fill';
import { differentiateMerge, veraMerges } from '../../../ops/vera/vera_merge';
import type { RowLengths } from '../../layers/in_turn';
import type { LayerMode, TrainingLayers, TrainingRequest } from '../../layers/training_layers';
import type { VeraAdapter } from '../vera_adapter';
import { chooseModes } from './modes';
import { type LayerPlan, veraLayers } from './vera_layers';

/**
 * Returns the layers of a run that trains one adapter alone. Undefined for an adapter with dropout, so that all its layers are unmerged:
 * with a merged weight, dropout would also apply to the base layer's input.
 */
export function trainingLayers(adapter: VeraAdapter, request: TrainingRequest): TrainingLayers | undefined {
  if (adapter.dropout > 0) return undefined;
  const plans = planLayers(adapter, modesOf(adapter, request), request.maxBindingBytes);
  return layersWith(adapter, plans, request);
}

/**
 * Returns the mode of each module; a module without an entry is unmerged. The modes depend only on sizes, not on measured times, so that a
 * resumed run uses the same modes.
 */
export function modesOf(
  { layout, config: { use_dora } }: VeraAdapter,
  { weights, inputs, choice, tokens, microBatches, bytes }: Omit<TrainingRequest, 'maxBindingBytes' | 'grads'>,
): ReadonlyMap<string, LayerMode> {
  const slots = new Map([...layout.slots].filter(([name]) => weights.has(name)));
  if (choice !== 'cheapest') return new Map([...slots.keys()].map((name) => [name, choice]));
  return chooseModes(slots, { r: layout.r, use_dora, tokens, microBatches, bytes, inputs: inputs() });
}

/** Returns the plans for the modules' modes. A module stays unmerged if its merged f32 weight would be too large to bind. */
function planLayers(
  { layout, config: { use_dora } }: VeraAdapter,
  modes: ReadonlyMap<string, LayerMode>,
  maxBindingBytes: number,
): Map<string, LayerPlan> {
  const shapes = new Map(
    [...layout.slots].map(([module, { in_features, out_features }]) => [module, [out_features, in_features]] as const),
  );
  // Sorted by in_features, the number of columns: weights with the same number are then adjacent, and their rows form one matrix.
  const made = new Map(
    [...shapes]
      .filter(([module, shape]) => isMade(modes.get(module)) && fits(shape))
      .toSorted(([, [, a]], [, [, b]]) => a - b),
  );
  const dense = new Map([...made].filter(([module]) => modes.get(module) === 'dense'));
  const weights = pinnedTogether('weight with its change', made, maxBindingBytes);
  const gradients = pinnedTogether('gradient', dense, maxBindingBytes);
  const lengths = use_dora ? rowLengths(made) : undefined;
  const plans = new Map<string, LayerPlan>();
  for (const module of shapes.keys()) {
    const mode = modes.get(module);
    const weight = weights.get(module);
    const gradient = gradients.get(module);
    if (mode === 'saved') plans.set(module, { mode });
    if (weight === undefined) continue;
    const merged = { weight, lengths: lengths?.get(module) };
    plans.set(module, gradient === undefined ? { mode: 'merged', ...merged } : { mode: 'dense', gradient, ...merged });
  }
  return plans;

  function fits(shape: Shape): boolean {
    return byteLength({ dtype: 'f32', shape }) <= maxBindingBytes;
  }
}

/** Creates one pinned value for the row norms of all weights, and returns the position of each weight's norms in it, by module. */
function rowLengths(shapes: ReadonlyMap<string, Shape>): Map<string, RowLengths> {
  const places = new Map<string, number>();
  let size = 0;
  for (const [module, [rows = 0]] of shapes) {
    places.set(module, size);
    size += roundUp(rows, 4);
  }
  const norm = pinned('lengths of rows', [size]);
  return new Map([...places].map(([module, norm_at]) => [module, { norm, norm_at }]));
}

/** Whether a mode computes a weight W + ΔW. */
function isMade(mode: LayerMode | undefined): boolean {
  return mode === 'merged' || mode === 'dense';
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
    values: [...new Set([...plans.values()].flatMap(valuesOf))],
    gradients: new Map(dense.map(({ weight, gradient }) => [weight, gradient])),
    ...programs(adapter, plans, request),
    withoutValues: () => ({ over: over(new Map([...plans].filter(([, plan]) => valuesOf(plan).length === 0))) }),
  };
}

function valuesOf(plan: LayerPlan): Value[] {
  if (plan.mode === 'saved') return [];
  const { weight, lengths } = plan;
  const held = [wholeOf(weight), ...(lengths === undefined ? [] : [lengths.norm])];
  return plan.mode === 'merged' ? held : [...held, wholeOf(plan.gradient)];
}

/**
 * Returns two programs. Before the micro-batches of a step, `before` computes W + ΔW, and with `use_dora` also the norms of its rows. After
 * the micro-batches, `after` computes the adapter's gradients from the gradients of these weights.
 */
function programs(
  adapter: VeraAdapter,
  plans: ReadonlyMap<string, LayerPlan>,
  { weights, grads }: Pick<TrainingRequest, 'weights' | 'grads'>,
): { readonly before: Program; readonly after: Program } {
  const g = new Graph();
  g.train(adapter.pool);
  const into = new Map([[adapter.pool, grads]]);
  const dense = [...plans.values()].filter((plan) => plan.mode === 'dense');
  for (const whole of new Set(dense.map(({ gradient }) => wholeOf(gradient)))) clear(g, whole);
  const made = [...plans].flatMap(([module, plan]) => (plan.mode === 'saved' ? [] : [{ module, ...plan }]));
  veraMerges(
    g,
    made.map(({ module, weight: into }) => ({ ...adapter.deltaOf(module), weight: weights.get(module), into })),
  );
  doraNorms(
    g,
    made.flatMap(({ weight, lengths }) => (lengths === undefined ? [] : [{ ...lengths, weight }])),
  );
  for (const [module, plan] of plans) {
    if (plan.mode !== 'dense') continue;
    differentiateMerge(g, adapter.deltaOf(module), plan.weight);
    into.set(plan.weight, plan.gradient);
  }
  const forward = g.steps.length;
  // The backward pass starts from the gradients in `into`. `grad` also requires the arguments y and dy, so it gets the pool and its
  // gradient again.
  g.grad(adapter.pool, grads, into);
  return {
    before: { name: 'merge', steps: g.steps.slice(0, forward), outputs: [] },
    after: { name: 'merge backward', steps: g.steps.slice(forward), outputs: [] },
  };
}
