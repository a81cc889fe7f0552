import type { WeightedAdapter } from '../../../worker/protocol';
import { anyObject, anyString, checkOptions } from '../../session/options';
import { weightedParts } from '../adapter_options';

export interface LoraOptions {
  /** The active one by default. */
  readonly adapter_name?: string;
  /** Several, to be summed up. */
  readonly adapters?: readonly string[];
  /** Their factors, all 1 by default. */
  readonly weights?: readonly number[];
}

/** The adapters that `save_as_lora` adds up; undefined for the active one. */
export function loraParts(options: LoraOptions): readonly WeightedAdapter[] | undefined {
  checkOptions('save_as_lora', options, { adapter_name: anyString, adapters: anyObject, weights: anyObject });
  const { adapter_name, adapters, weights } = options;
  const names = adapters ?? (adapter_name === undefined ? undefined : [adapter_name]);
  if (names === undefined) return undefined;
  return weightedParts('save_as_lora', names, weights ?? (adapters === undefined ? [1] : adapters.map(() => 1)));
}
