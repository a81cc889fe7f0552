import type { ProjectionDtype } from '../../core/model';
import type { Value } from '../../graph/value';
import type { VeraConfig } from './config';
import type { ParameterLayout } from './parameters';

/** The frozen pair on the device. It belongs to (key, r, max_in, max_out) and is shared by all adapters with equal values. */
export interface ProjectionValues {
  /** (R, max_in) */
  readonly A: Value;
  /** (max_out, R) */
  readonly B: Value;
  /** What the numbers were rounded to as they were drawn. */
  readonly dtype: ProjectionDtype;
}

/** A tensor of the base model that an adapter trains: a part of its pool. */
export interface TrainedValue {
  readonly value: Value;
  /** A bias trains in place of the base's; a module has a copy that comes and goes with the adapter. */
  readonly kind: 'bias' | 'module';
  /** The name by which PEFT saves it. */
  readonly savedKey: string;
}

/** An adapter on a loaded model. */
export interface VeraAdapter {
  readonly name: string;
  /** Unlike any other adapter's of the session, also of one that had the same name. */
  readonly key: string;
  readonly config: VeraConfig;
  readonly layout: ParameterLayout;
  readonly projections: ProjectionValues;
  /** All that trains in one pinned buffer, placed by `layout`. */
  readonly lambda: Value;
  /** The biases and whole modules that train, by the base model's tensor names. */
  readonly tensors: ReadonlyMap<string, TrainedValue>;
  readonly trainable: boolean;
  /** Of one that trains: a fingerprint of the values that it began with. */
  readonly origin: string | undefined;
}
