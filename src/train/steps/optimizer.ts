import type { Adapter } from '../../adapters/adapter';
import type { ResolvedTrainingArguments } from '../../core/types/training';
import { Graph } from '../../graph/graph';
import type { Program, Runner } from '../../graph/runner';
import { pinned, type Value } from '../../graph/value';
import { adamw, gradNorm } from '../../ops/optimizer/adamw';
import { statsValue, stepBlockValue } from './step_block';

/** AdamW's state for one adapter: gradients and both moments, each with the pool's layout. */
export interface PoolState {
  readonly grads: Value;
  readonly m: Value;
  readonly v: Value;
}

export interface OptimizerState {
  readonly pools: ReadonlyMap<Adapter, PoolState>;
  readonly block: Value;
  readonly stats: Value;
}

/**
 * Allocates a new state. It is all zeros, because WebGPU initialises buffers with zeros. `shared` is set if the only adapter trains beside
 * those of other states: it is the adapter's part of the gradient buffer that they share.
 */
export async function createOptimizerState(
  runner: Runner,
  adapters: readonly Adapter[],
  shared?: Value,
): Promise<OptimizerState> {
  const pools = new Map<Adapter, PoolState>();
  for (const adapter of adapters) {
    const like = (name: string) => pinned(`${name} of ${adapter.name}`, adapter.pool.shape);
    pools.set(adapter, { grads: shared ?? like('gradients'), m: like('adam m'), v: like('adam v') });
  }
  const state = { pools, block: stepBlockValue(), stats: statsValue() };
  await runner.allocate(optimizerValues(state));
  return state;
}

/** Returns the values that a state owns: all except gradients that are a part of a shared buffer. */
export function optimizerValues({ pools, block, stats }: OptimizerState): Value[] {
  const values = [...[...pools.values()].flatMap(({ grads, m, v }) => [grads, m, v]), block, stats];
  return values.filter(({ view }) => view === undefined);
}

/** Returns the gradient buffer of each adapter's pool. */
export function gradientsOf({ pools }: OptimizerState): Map<Adapter, Value> {
  return new Map([...pools].map(([adapter, { grads }]) => [adapter, grads]));
}

type OptimizerArguments = Pick<
  ResolvedTrainingArguments,
  | 'objective'
  | 'learning_rate'
  | 'headLearningRate'
  | 'adam_beta1'
  | 'adam_beta2'
  | 'adam_epsilon'
  | 'weight_decay'
  | 'max_grad_norm'
>;

/**
 * Builds the program that computes the global gradient norm, clips the gradients and updates with AdamW: two dispatches for each adapter.
 */
export function optimizerProgram({ pools, block, stats }: OptimizerState, args: OptimizerArguments): Program {
  const g = new Graph();
  const partials = gradNorm(
    g,
    [...pools.values()].map(({ grads }) => grads),
  );
  for (const [adapter, { grads, m, v }] of pools) {
    adamw(
      g,
      { parameters: adapter.pool, m, v, grads, partials, block, stats },
      {
        beta1: args.adam_beta1,
        beta2: args.adam_beta2,
        epsilon: args.adam_epsilon,
        weight_decay: args.weight_decay,
        max_grad_norm: args.max_grad_norm,
        modules: modulesOf(adapter, args),
      },
    );
  }
  return { name: 'optimizer', steps: g.steps, outputs: [] };
}

/**
 * Returns where the modules that are trained whole (`modules_to_save`) begin in the pool, and their learning rate as a multiple of the
 * step's, so that both rates follow the same schedule. Undefined if they have no learning rate of their own.
 */
function modulesOf(
  { tensors, layout }: Adapter,
  { objective, learning_rate, headLearningRate }: OptimizerArguments,
): { readonly from: number; readonly rate: number } | undefined {
  // With the objective 'contrast', these modules don't train: at a rate of 0, not even weight decay changes them.
  const rate = objective === 'contrast' ? 0 : headLearningRate;
  if (rate === null) return undefined;
  const offsets = [...tensors].flatMap(([name, { kind }]) =>
    kind === 'module' ? (layout.tensors.get(name)?.offset ?? []) : [],
  );
  return offsets.length === 0 ? undefined : { from: Math.min(...offsets), rate: rate === 0 ? 0 : rate / learning_rate };
}
