import type { Adapter } from '../../adapters/adapter';
import type { TrainedTensor } from '../../adapters/trained_tensors';
import type { VeraTargets } from '../../adapters/vera/targets';
import type { Tensor } from '../../core/types/tensor';
import type { AdapterTensors } from '../../formats/peft/peft';
import type { WireAdapterOptions } from '../protocol';

/** What an adapter is to become. */
export interface AdapterPlan {
  readonly name: string;
  readonly key: string;
  readonly targets: VeraTargets;
  /** The base model's tensors that train. */
  readonly trained: readonly TrainedTensor[];
  readonly options: WireAdapterOptions;
  /** Values from a file. Without them the adapter begins as PEFT's do. */
  readonly tensors: AdapterTensors | undefined;
  /** A fingerprint of the values that it began with, unless it begins with these. */
  readonly origin?: string | undefined;
}

/** The tensors of an adapter that is on the device: its projections too, whether or not a file would hold them. */
export type FullAdapterTensors = AdapterTensors & { readonly projections: { readonly A: Tensor; readonly B: Tensor } };

/** Puts adapters of one kind on a model's device. */
export interface AdapterPlacer {
  /** Beside `others` on the same model. Where it throws, nothing is left on the device. */
  place(plan: AdapterPlan, others: readonly Adapter[]): Promise<Adapter>;
  /** The numbers of an adapter, in the shapes that files give them. */
  read(adapter: Adapter): Promise<FullAdapterTensors>;
  free(adapter: Adapter): void;
}
