import type { DeviceReport } from '../../core/types/device_report';
import type { Estimate, MemoryBudget } from '../../core/types/estimate';
import type { ResolvedTrainingArguments } from '../../core/types/training';
import type { LoadOptions, WireSource } from '../models/model_protocol';
import type { CallId } from '../rpc/call_protocol';

/** The calls that need no loaded model. */
export interface PlanCalls {
  /** Reports the GPU and the storage of this device. Doesn't open the GPU device. */
  probe(call: CallId): Promise<DeviceReport>;
  /** Estimates a run. Reads only configuration files and the headers of weights. Opens the device only to measure it. */
  estimate(call: CallId, source: WireSource, request: EstimateRequest): Promise<Estimate>;
}

export interface EstimateRequest {
  /** The given fields of an adapter's configuration. `peft_type` names the adapter kind. Default: the first kind in `ADAPTER_KINDS`. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly args: ResolvedTrainingArguments;
  /** The number of adapters that train together. */
  readonly adapters: number;
  readonly load: LoadOptions;
  readonly memory: MemoryBudget;
  /** Whether to measure the device's speed. */
  readonly measure: boolean;
}
