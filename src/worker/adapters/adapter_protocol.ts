import type { VeraConfigInit } from '../../adapters/vera/config';
import type { AdapterFiles, ParameterCount, ProjectionDtype } from '../../core/types/model';
import type { Tensor } from '../../core/types/tensor';
import type { LoadOptions, ModelInfo, WireSource } from '../models/model_protocol';
import type { CallId, Handle } from '../rpc/call_protocol';

/** The calls about VeRA models and their adapters. */
export interface AdapterCalls {
  /** A VeRA model with its own adapters over the weights of `model`, whose own results stay as they are. */
  createVera(model: Handle, adapter: string, config: VeraConfigFields, options: WireAdapterOptions): Promise<VeraInfo>;
  loadVera(
    call: CallId,
    model: Handle,
    adapter: string,
    source: WireAdapterSource,
    options: LoadAdapterOptions,
  ): Promise<VeraInfo>;
  /** What an adapter's adapter_config.json says. Its other file isn't read. */
  loadConfig(call: CallId, source: WireAdapterSource, options: LoadOptions): Promise<VeraConfigFields>;
  /** Frees the adapters of a VeRA model, but not the base model. */
  dropVera(model: Handle): Promise<void>;
  /** The calls below take the handle of a VeRA model. Adding doesn't activate. */
  addAdapter(model: Handle, adapter: string, config: VeraConfigFields, options: WireAdapterOptions): Promise<VeraInfo>;
  loadAdapter(
    call: CallId,
    model: Handle,
    adapter: string,
    source: WireAdapterSource,
    options: LoadAdapterOptions,
  ): Promise<VeraInfo>;
  /** At least one. They alone are active then; merged ones are unmerged first. */
  setAdapter(model: Handle, adapters: readonly string[]): Promise<VeraInfo>;
  deleteAdapter(model: Handle, adapter: string): Promise<VeraInfo>;
  /** Adds an adapter whose deltas are the weighted sum of others'. Those must share A, B and one of the two vectors. */
  addWeightedAdapter(model: Handle, adapter: string, parts: readonly WeightedAdapter[]): Promise<VeraInfo>;
  /** With false, `forward` and `generate` give the base model's results. */
  enableAdapters(model: Handle, enabled: boolean): Promise<void>;
  /** Emits `merge` events, then `prepared`. Cancelled or failed, it leaves everything as it was. */
  mergeAdapters(call: CallId, model: Handle, options: MergeRequest): Promise<VeraInfo>;
  unmergeAdapters(model: Handle): Promise<VeraInfo>;
  /**
   * The model without its adapters, merged first if so asked; the VeRA model's handle is then no more. Emits `merge` events,
   * then `prepared`. Cancelled or failed, it leaves everything as it was.
   */
  unloadVera(call: CallId, model: Handle, merge: MergeRequest | undefined): Promise<ModelInfo>;
  /** ΔW of a module in the layout of its weight. The active adapter by default. */
  deltaWeight(model: Handle, module: string, adapter: string | undefined): Promise<Tensor>;
  /** All that an adapter is made of again, should the device or this worker be lost. */
  keepAdapter(model: Handle, adapter: string): Promise<KeptAdapter>;
  /** A VeRA model over `model` with adapters that were kept, at least one. They are as they were, to the bit. */
  reviveVera(model: Handle, adapters: readonly KeptAdapter[], active: readonly string[]): Promise<VeraInfo>;
  /** PEFT's two files. With `id`, resolves only once they're stored as well. */
  saveAdapter(model: Handle, options: SaveAdapterOptions): Promise<AdapterFiles>;
  /** The two files of a LoRA that equals the weighted sum of the adapters; by default the active one. */
  saveLora(model: Handle, parts: readonly WeightedAdapter[] | undefined): Promise<AdapterFiles>;
}

export type WireAdapterSource = WireSource | AdapterFiles | { readonly id: string };

/** A `VeraConfig`'s fields, without its methods. */
export type VeraConfigFields = VeraConfigInit;

export interface WireAdapterOptions {
  readonly is_trainable?: boolean;
  readonly projection_dtype?: ProjectionDtype;
}
export type LoadAdapterOptions = WireAdapterOptions & LoadOptions;

export interface KeptAdapter {
  readonly name: string;
  readonly config: VeraConfigFields;
  readonly options: WireAdapterOptions;
  readonly files: AdapterFiles;
  /** The fingerprint of what it began with, by which its runs are known. */
  readonly origin: string | undefined;
}

export interface SaveAdapterOptions {
  /** The active one by default. */
  readonly adapter_name?: string;
  readonly id?: string;
}

export interface WeightedAdapter {
  readonly adapter_name: string;
  readonly weight: number;
}

export interface MergeRequest {
  readonly safe_merge: boolean;
  /** The active ones by default. */
  readonly adapter_names?: readonly string[];
}

/** A VeRA model as it stands after a call. `model` is the same in all of one model's infos. */
export interface VeraInfo {
  readonly model: Handle;
  /** In the order in which they were added. */
  readonly adapters: Readonly<Record<string, AdapterState>>;
  readonly active: readonly string[];
  readonly merged: readonly string[];
  readonly enabled: boolean;
  readonly parameters: ParameterCount;
}

export interface AdapterState {
  readonly config: VeraConfigFields;
  /** Whether it learns when it is active. */
  readonly trainable: boolean;
  /** The names of the modules that it wraps. */
  readonly modules: readonly string[];
}
