import type { Value } from '../graph/value';
import type { VeraConfig } from './config';
import type { ParameterLayout } from './parameters';

/** The frozen pair on the device. It belongs to (key, r, max_in, max_out) and is shared by all adapters with equal values. */
export interface ProjectionValues {
  /** (R, max_in) */
  readonly A: Value;
  /** (max_out, R) */
  readonly B: Value;
}

/** An adapter on a loaded model. */
export interface VeraAdapter {
  readonly name: string;
  readonly config: VeraConfig;
  readonly layout: ParameterLayout;
  readonly projections: ProjectionValues;
  /** All trained vectors in one pinned buffer, placed by `layout`. */
  readonly lambda: Value;
  readonly trainable: boolean;
}
