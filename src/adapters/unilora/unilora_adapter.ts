import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { clear } from '../../ops/fill';
import { loraMerge } from '../../ops/lora/lora_linear';
import { widen } from '../../ops/rows/widen';
import type { SharedEntries } from '../../ops/unilora/unilora_matrices';
import { Adapter, type ResolvedAdapter } from '../adapter';
import type { UniLoraConfig } from './config/unilora_config';
import { emitBranch } from './layers/branches';
import type { MatricesLayout } from './unilora_layout';

/** A UniLoRA configuration applied to a model, before the adapter has values. */
export interface ResolvedUnilora extends ResolvedAdapter<UniLoraConfig> {
  readonly matrices: MatricesLayout;
}

/**
 * A UniLoRA adapter on a loaded model: one vector, whose values, scaled, are the entries of LoRA's matrices A and B. A seed assigns a
 * value to each entry.
 */
export class UniloraAdapter extends Adapter<ResolvedUnilora, SharedEntries> {
  get matrices(): MatricesLayout {
    return this.parts.resolved.matrices;
  }

  /** The positions of the vector's values in the matrices. */
  get entries(): SharedEntries {
    return this.parts.frozen;
  }

  override get dropout(): number {
    return this.config.unilora_dropout;
  }

  get hyperparameters(): Readonly<Record<string, number>> {
    const { r, theta_d_length, proj_seed } = this.config;
    return { r, theta_d_length, proj_seed };
  }

  /** Without a weight, the result is B·A, as in PEFT's `get_delta_weight`. */
  merge(g: Graph, module: string, weight: Value | undefined, into: Value): void {
    const branch = emitBranch(g, this, module);
    if (weight === undefined) clear(g, into);
    else widen(g, weight, into);
    loraMerge(g, branch, into);
  }

  withPool(pool: Value): UniloraAdapter {
    return new UniloraAdapter({ ...this.parts, pool });
  }
}
