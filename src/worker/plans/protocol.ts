import type { AdapterConfigFields } from '../../adapters/config/adapter_config';
import type { DeviceReport } from '../../core/types/device_report';
import type { Estimate, MemoryBudget } from '../../core/types/estimate';
import type { ResolvedTrainingArguments } from '../../core/types/training';
import type { LoadOptions, WireSource } from '../models/protocol';
import type { CallId } from '../rpc/protocol';

/** The calls that load nothing. */
export interface PlanCalls {
  /** Opens no device. */
  probe(call: CallId): Promise<DeviceReport>;
  /** Reads configuration and headers alone. Opens a device only to measure it. */
  estimate(call: CallId, source: WireSource, request: EstimateRequest): Promise<Estimate>;
}

export interface EstimateRequest {
  readonly config: AdapterConfigFields;
  readonly args: ResolvedTrainingArguments;
  readonly load: LoadOptions;
  readonly memory: MemoryBudget;
  /** Whether the device's speed is measured. */
  readonly measure: boolean;
}
