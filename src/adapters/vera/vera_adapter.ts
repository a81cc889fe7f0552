import type { ProjectionDtype } from '../../core/types/model';
import type { Value } from '../../graph/value';
import type { VeraMerge } from '../../ops/vera/vera_merge';
import type { Adapter } from '../adapter';
import type { VeraConfig } from './config';
import type { VeraLayout } from './parameters';

/** A and B on the device. They depend on (key, r, max_in, max_out), and all adapters with the same values share them. */
export interface ProjectionValues {
  /** (R, max_in) */
  readonly A: Value;
  /** (max_out, R) */
  readonly B: Value;
  /** The type that the drawn numbers were rounded to. The values are f32. */
  readonly dtype: ProjectionDtype;
}

/** A VeRA adapter: λ_b and λ_d of each module in a pool, with a shared A and B. */
export interface VeraAdapter extends Adapter {
  readonly config: VeraConfig;
  readonly layout: VeraLayout;
  readonly projections: ProjectionValues;
  /** ΔW of a module, as an operand of `veraMerge`. */
  deltaOf(module: string): VeraMerge;
  withPool(pool: Value): VeraAdapter;
}
