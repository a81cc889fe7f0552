import type { Adapter } from '../../adapters/adapter';
import { savedName } from '../../adapters/pool/pool_layout';
import type { ResolvedTrainingArguments } from '../../core/types/training';
import { Graph } from '../../graph/graph';
import type { Program, Runner } from '../../graph/runner';
import { pinned, type Value } from '../../graph/value';
import type { LoadedModel } from '../../models/loaded_model';
import { outlineOf } from '../../models/outline';
import { adamw, gradNorm, type PoolPart } from '../../ops/optimizer/adamw';
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
 * Allocates a new state. It is all zeros, because WebGPU initialises buffers with zeros. `shared` is set if several states, each of one
 * adapter, share a gradient buffer: it is this adapter's part of the buffer.
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
 * Builds the program that computes the global gradient norm, clips the gradients and updates with AdamW: two dispatches for each adapter,
 * or more if parts of its pool have learning rates of their own or don't train. `isRead` says which of the base model's tensors the
 * loss reads.
 */
export function optimizerProgram(
  { pools, block, stats }: OptimizerState,
  args: OptimizerArguments,
  isRead: (tensor: string) => boolean,
): Program {
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
        parts: partsOf(adapter, args, isRead),
      },
    );
  }
  return { name: 'optimizer', steps: g.steps, outputs: [] };
}

/**
 * Returns which of a model's tensors the loss reads: those of the network's forward pass, and those of the head. The objective 'contrast'
 * compares the head's features, so that it doesn't read the last layer.
 */
export function readBy(loaded: LoadedModel, { objective }: OptimizerArguments): (tensor: string) => boolean {
  const { tensors } = outlineOf(loaded);
  const { weights, lastLayer } = loaded.model.head;
  const names = weights.map(({ name }) => name);
  const ofHead = new Set(names.filter((name) => objective !== 'contrast' || !name.startsWith(`${lastLayer}.`)));
  return (tensor) => tensors.has(tensor) || ofHead.has(tensor);
}

/**
 * Returns the parts of a pool that train. As in torch, numbers without a gradient don't, so that weight decay leaves them: those of modules
 * that the loss doesn't read, and with the objective 'contrast' those of modules that are trained whole (`modules_to_save`).
 */
function partsOf({ layout, modules, tensors }: Adapter, args: OptimizerArguments, isRead: (tensor: string) => boolean) {
  const unused = [...modules.keys()].filter((name) => !isRead(`${name}.weight`)).map((name) => `${savedName(name)}.`);
  const rateOf = (name: string): number | undefined => {
    const tensor = tensors.get(name);
    if (tensor === undefined) return unused.some((start) => name.startsWith(start)) ? undefined : 1;
    if (!isRead(name)) return undefined;
    return tensor.kind === 'module' ? modulesRate(args) : 1;
  };
  const slots = [...layout.parameters, ...layout.tensors].map(([name, slot]) => ({ ...slot, rate: rateOf(name) }));
  const starts = slots.filter(({ rate }, index) => index === 0 || rate !== slots[index - 1]?.rate);
  const parts = starts.flatMap(({ offset: first, rate }, index): PoolPart[] =>
    rate === undefined ? [] : [{ first, end: starts[index + 1]?.offset ?? layout.length, rate }],
  );
  // The step's statistics are written even if nothing trains.
  return parts.length > 0 ? parts : [{ first: 0, end: layout.length, rate: 0 }];
}

/**
 * Returns the learning rate of modules that are trained whole, as a multiple of the step's learning rate, so that both follow one schedule.
 * Undefined if these modules don't train.
 */
function modulesRate({ objective, learning_rate, headLearningRate: rate }: OptimizerArguments): number | undefined {
  if (objective === 'contrast') return undefined;
  return rate === null ? 1 : rate && rate / learning_rate;
}
