import type { ProjectionDtype } from '../../core/model';
import type { Value } from '../../graph/value';
import type { VeraMerge } from '../../ops/vera/vera_merge';
import type { Adapter } from '../adapter';
import type { VeraConfig } from './config';
import type { VeraLayout } from './parameters';

/** The frozen pair on the device. It belongs to (key, r, max_in, max_out) and is shared by all adapters with equal values. */
export interface ProjectionValues {
  /** (R, max_in) */
  readonly A: Value;
  /** (max_out, R) */
  readonly B: Value;
  /** What the numbers were rounded to as they were drawn. */
  readonly dtype: ProjectionDtype;
}

/** λ_b and λ_d of each module in a pool, over a shared A and B. */
export interface VeraAdapter extends Adapter {
  readonly config: VeraConfig;
  readonly layout: VeraLayout;
  readonly projections: ProjectionValues;
  /** A module's change, as an operand of `veraMerge`. */
  deltaOf(module: string): VeraMerge;
  withPool(pool: Value): VeraAdapter;
}
