import type { VeraAdapter } from '../adapters/vera_adapter';
import type { ResolvedTrainingArguments } from '../core/training';
import { Graph } from '../graph/graph';
import type { Program, Runner } from '../graph/runner';
import { pinned, type Value } from '../graph/value';
import { adamw } from '../ops/adamw';
import { gradNorm } from '../ops/grad_norm';
import { statsValue, stepBlockValue } from './step_block';

/** What AdamW remembers, beside the adapter's vectors: gradients and both moments, all as long as `lambda`. */
export interface OptimizerState {
  readonly grads: Value;
  readonly m: Value;
  readonly v: Value;
  readonly block: Value;
  readonly stats: Value;
}

/** Fresh state: all zeros, as WebGPU makes buffers. */
export async function createOptimizerState(runner: Runner, adapter: VeraAdapter): Promise<OptimizerState> {
  const like = (name: string) => pinned(name, adapter.lambda.shape);
  const state = {
    grads: like('gradients'),
    m: like('adam m'),
    v: like('adam v'),
    block: stepBlockValue(),
    stats: statsValue(),
  };
  await runner.allocate(Object.values(state));
  return state;
}

/** Norm, clipping and AdamW over all vectors at once: two dispatches. */
export function optimizerProgram(
  adapter: VeraAdapter,
  { grads, m, v, block, stats }: OptimizerState,
  args: ResolvedTrainingArguments,
): Program {
  const g = new Graph();
  const partials = gradNorm(g, [grads]);
  adamw(
    g,
    { parameters: adapter.lambda, m, v, grads, partials, block, stats },
    {
      beta1: args.adam_beta1,
      beta2: args.adam_beta2,
      epsilon: args.adam_epsilon,
      weight_decay: args.weight_decay,
      max_grad_norm: args.max_grad_norm,
    },
  );
  return { name: 'optimizer', steps: g.steps, outputs: [] };
}
