import { WebVeraError } from '../../core/errors/error';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { ia3Merge } from '../../ops/ia3/ia3_merge';
import type { PoolVector } from '../../ops/rows/pool_vector';
import { Adapter, type ResolvedAdapter } from '../adapter';
import type { IA3Config } from './config/ia3_config';
import type { Ia3Layout } from './ia3_layout';

/** An (IA)³ configuration applied to a model, before the adapter has values. */
export interface ResolvedIa3 extends ResolvedAdapter<IA3Config> {
  readonly layout: Ia3Layout;
}

/** An (IA)³ adapter on a loaded model. For each module it has a vector l, which scales the module's output or input. */
export class Ia3Adapter extends Adapter<ResolvedIa3, undefined> {
  readonly hyperparameters = {};

  /** Returns the vector that scales this side of a module; undefined if none does. */
  vectorOf(module: string, side: 'input' | 'output'): PoolVector | undefined {
    const slot = this.layout.slots.get(module);
    return slot?.side === side ? { pool: this.pool, offset: slot.offset } : undefined;
  }

  /** Throws `invalid_argument` without a weight: (IA)³ scales the weight, so it has no ΔW of its own. */
  merge(g: Graph, module: string, weight: Value | undefined, into: Value): void {
    if (weight === undefined) {
      throw new WebVeraError('invalid_argument', 'Adapters of type IA3 have no delta weight: they scale the weight', {
        hint: 'merge_adapter() and state_dict() give the scaled weight.',
      });
    }
    const [output, input] = [this.vectorOf(module, 'output'), this.vectorOf(module, 'input')];
    if (output !== undefined) ia3Merge(g, weight, output, 'rows', into);
    if (input !== undefined) ia3Merge(g, weight, input, 'columns', into);
  }

  override changesBias(module: string): boolean {
    return this.vectorOf(module, 'output') !== undefined;
  }

  override mergeBias(g: Graph, module: string, bias: Value, into: Value): void {
    const vector = this.vectorOf(module, 'output');
    if (vector !== undefined) ia3Merge(g, bias, vector, 'columns', into);
  }

  withPool(pool: Value): Ia3Adapter {
    return new Ia3Adapter({ ...this.parts, pool });
  }
}
