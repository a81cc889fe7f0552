import { WebVeraError } from '../../core/errors/error';
import type { Handle, TrainRequest } from '../../worker/protocol';
import type { KeptForRun } from '../adapters/adapter_keeper';
import type { OpenDataset } from '../data/feed';

/** The data sets and the model of a run that has started. */
export interface OpenRun {
  readonly dataset: OpenDataset | undefined;
  /** The data sets of several adapters that train at once, in place of `dataset` and `evalDataset`. */
  readonly lanes?: readonly OpenLane[] | undefined;
  /** The data set that the run is evaluated on between its steps, if any. */
  readonly evalDataset: OpenDataset | undefined;
  /** The model's current handle. Throws if the model is lost or disposed of. */
  handle(): Handle;
  /**
   * Copies the adapters into the page's memory before the first step, for recovery. `trained`: the names of the adapters that the run
   * trains.
   */
  keep(trained: readonly string[]): KeptForRun;
  /** Loads the model and its adapters again after the worker or the device was lost. */
  revive(): Promise<void>;
}

/** The data sets of one of several adapters. */
interface OpenLane {
  readonly adapter: string;
  readonly dataset: OpenDataset;
  readonly evalDataset: OpenDataset | undefined;
}

/** Returns all data sets of a run. */
export function datasetsOf({ lanes = [], ...own }: OpenRun): OpenDataset[] {
  return [own, ...lanes].flatMap(({ dataset, evalDataset }) => [dataset, evalDataset].flatMap((one) => one ?? []));
}

/** Converts the data sets to the form that the worker receives. */
export function sourcesOf({
  dataset,
  evalDataset,
  lanes,
}: OpenRun): Pick<TrainRequest, 'data' | 'eval_data' | 'together'> {
  if (lanes === undefined && dataset !== undefined) return { data: dataset.source, eval_data: evalDataset?.source };
  const together = lanes?.map(({ adapter, dataset, evalDataset }) => ({
    adapter,
    data: dataset.source,
    eval_data: evalDataset?.source,
  }));
  const [first] = together ?? [];
  if (first === undefined) throw new WebVeraError('internal', 'A run has no data set');
  return { together, data: first.data };
}
