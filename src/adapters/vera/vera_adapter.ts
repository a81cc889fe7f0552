import { WebVeraError } from '../../core/errors/error';
import type { ProjectionDtype } from '../../core/types/model';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { doraMerge } from '../../ops/dora/dora_merge';
import { doraNorm, type LowRankChange } from '../../ops/dora/dora_norm';
import type { PoolVector } from '../../ops/rows/pool_vector';
import { veraFactor } from '../../ops/vera/vera_factor';
import { type VeraMerge, veraMerge } from '../../ops/vera/vera_merge';
import { Adapter, type ResolvedAdapter } from '../adapter';
import { NOT_MIXED } from '../layers/magnitudes';
import type { VeraConfig } from './config/vera_config';
import { VERA_A, VERA_B } from './vera_files';
import type { VeraLayout } from './vera_layout';

/** A VeRA configuration applied to a model, before the adapter has values. */
export interface ResolvedVera extends ResolvedAdapter<VeraConfig> {
  readonly layout: VeraLayout;
  /** The number of A's columns; `max_out` is the number of B's rows. */
  readonly max_in: number;
  readonly max_out: number;
}

/**
 * A and B on the device. Adapters share them if they have the same `projection_prng_key`, r, max_in, max_out and `dtype`. Matrices from a
 * file that differ from these are shared if they are equal.
 */
export interface ProjectionValues {
  /** (r, max_in) */
  readonly A: Value;
  /** (max_out, r) */
  readonly B: Value;
  /** The data type to which the drawn numbers were rounded. The values themselves are f32. */
  readonly dtype: ProjectionDtype;
}

/**
 * A VeRA adapter on a loaded model. For each module, its pool holds λ_b, λ_d and, with `use_dora`, the trained row norms. All modules share
 * A and B.
 */
export class VeraAdapter extends Adapter<ResolvedVera, ProjectionValues> {
  get projections(): ProjectionValues {
    return this.parts.frozen;
  }

  override get dropout(): number {
    return this.config.vera_dropout;
  }

  override get frozen(): ReadonlyMap<string, Value> {
    const { A, B } = this.projections;
    return new Map([
      [VERA_A, A],
      [VERA_B, B],
    ]);
  }

  override get options(): { readonly projection_dtype: ProjectionDtype } {
    return { projection_dtype: this.projections.dtype };
  }

  get hyperparameters(): { readonly r: number } {
    return { r: this.layout.r };
  }

  /** Returns ΔW of a module as an operand of `veraMerge`. */
  deltaOf(module: string): VeraMerge {
    const slot = this.layout.slots.get(module);
    if (slot === undefined) throw new WebVeraError('internal', `The adapter doesn't wrap ${module}`);
    const { in_features: K, offsetB, offsetD } = slot;
    const { A, B } = this.projections;
    return { A, B, lambda: this.pool, offsetB, offsetD, K };
  }

  /** Returns the trained row norms of a module; undefined without `use_dora`. */
  magnitudeOf(module: string): PoolVector | undefined {
    const offset = this.layout.slots.get(module)?.offsetM;
    return offset === undefined ? undefined : { pool: this.pool, offset };
  }

  /** Emits the left factor of a module's ΔW, and returns ΔW as the product of that factor and A. */
  changeOf(g: Graph, module: string): LowRankChange {
    const { A, ...factors } = this.deltaOf(module);
    return { A, B: veraFactor(g, factors, this.modules.get(module)?.out_features ?? 0), scale: 1 };
  }

  override get notMixed(): string | undefined {
    return this.config.use_dora ? NOT_MIXED : undefined;
  }

  override get notInPeft(): string | undefined {
    return this.config.use_dora ? 'use_dora' : undefined;
  }

  /** Without a weight, the result is ΔW. With `use_dora`, each row of W + ΔW is multiplied by m / ‖base + ΔW‖; m is its trained norm. */
  merge(g: Graph, module: string, weight: Value | undefined, into: Value, base = weight): void {
    veraMerge(g, { ...this.deltaOf(module), weight }, into);
    const magnitude = this.magnitudeOf(module);
    if (magnitude === undefined || base === undefined) return;
    doraMerge(g, { magnitude, norm: doraNorm(g, base, this.changeOf(g, module)) }, into);
  }

  withPool(pool: Value): VeraAdapter {
    return new VeraAdapter({ ...this.parts, pool });
  }
}
