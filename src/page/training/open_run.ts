import type { Handle } from '../../worker/protocol';
import type { KeptForRun } from '../adapters/adapter_keeper';
import type { OpenDataset } from '../data/feed';

/** What a run is a run of. */
export interface OpenRun {
  readonly dataset: OpenDataset;
  /** What it is measured on as it goes on, if anything. */
  readonly evalDataset: OpenDataset | undefined;
  /** The session's name for the model, as it is now. */
  handle(): Handle;
  /** Keeps the adapters as they are before its first step: it trains those `trained`. */
  keep(trained: readonly string[]): KeptForRun;
  /** Makes the model again where it was lost. */
  revive(): Promise<void>;
}

export function datasetsOf({ dataset, evalDataset }: OpenRun): OpenDataset[] {
  return [dataset, evalDataset].flatMap((one) => one ?? []);
}
