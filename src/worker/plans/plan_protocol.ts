import type { DeviceReport } from '../../core/types/device_report';
import type { Estimate, MemoryBudget } from '../../core/types/estimate';
import type { ResolvedTrainingArguments } from '../../core/types/training';
import type { LoadOptions, WireSource } from '../models/model_protocol';
import type { CallId } from '../rpc/call_protocol';

/** The calls that load no model. */
export interface PlanCalls {
  /** Doesn't open the device. */
  probe(call: CallId): Promise<DeviceReport>;
  /** Reads only the configuration and the headers of weights. Opens the device only to measure it. */
  estimate(call: CallId, source: WireSource, request: EstimateRequest): Promise<Estimate>;
}

export interface EstimateRequest {
  /** The fields of an adapter's configuration that are given. The kind is the first unless `peft_type` names one. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly args: ResolvedTrainingArguments;
  /** The number of adapters that train together. */
  readonly adapters: number;
  readonly load: LoadOptions;
  readonly memory: MemoryBudget;
  /** Whether the device's speed is measured. */
  readonly measure: boolean;
}
