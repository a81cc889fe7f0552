import type { Handle } from '../../worker/protocol';
import type { KeptForRun } from '../adapters/adapter_keeper';
import type { OpenDataset } from '../data/feed';

/** The data sets and the model of a run that has started. */
export interface OpenRun {
  readonly dataset: OpenDataset;
  /** The data set that the run is measured on between its steps, if any. */
  readonly evalDataset: OpenDataset | undefined;
  /** The model's current handle. Throws if the model is lost or disposed of. */
  handle(): Handle;
  /**
   * Stores copies of the adapters from before the first step, in the page, for recovery. `trained`: the adapters that
   * the run trains.
   */
  keep(trained: readonly string[]): KeptForRun;
  /** Makes the model again after it was lost. */
  revive(): Promise<void>;
}

export function datasetsOf({ dataset, evalDataset }: OpenRun): OpenDataset[] {
  return [dataset, evalDataset].flatMap((one) => one ?? []);
}
