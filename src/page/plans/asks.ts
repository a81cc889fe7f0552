import { late } from '../../core/async/late';
import type { DeviceReport } from '../../core/types/device_report';
import type { Estimate } from '../../core/types/estimate';
import type { ModelSource } from '../../core/types/source';
import type { EstimatePlan } from '../models/estimate_plan';
import type { CallOptions } from '../session/session';

// Pages call these functions before a visitor decides whether to load a model. Their code is loaded at the first call, so that the page's
// first download stays small. Single-file builds link that code statically. No call runs when this module loads, so that bundlers leave out
// what a page doesn't use.
const askedCode = () => late(async () => await import('./asked'))();

/**
 * Reports what this device can do, without loading anything: its GPU, its problems with a fix for each, and where files can be stored. If
 * WebGPU or workers are missing, the report says so. Rejects only with `invalid_argument`, with `signal.reason`, and with `offline`
 * if the code for this can't be loaded.
 */
export async function probe(options: CallOptions = {}): Promise<DeviceReport> {
  return (await askedCode()).probe(options);
}

/**
 * Estimates the download of a model, the GPU memory and the work per step of its training, and whether this device can train it. Loads only
 * config.json and the headers of the weight files. The byte counts come from the memory plan that a run itself would use.
 *
 * The estimate is for a training run; `Trainer.evaluate` and `generate` take less, except for very long texts. Without a GPU, WebGPU's
 * default limits count. Rejects with the errors of `from_pretrained` and `get_peft_model`, except for those about the device.
 */
export async function estimate(source: ModelSource, plan: EstimatePlan = {}): Promise<Estimate> {
  return (await askedCode()).estimate(source, plan);
}
