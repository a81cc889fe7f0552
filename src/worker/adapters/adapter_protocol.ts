import type { AdapterConfigFields } from '../../adapters/config/adapter_config';
import type { AdapterFiles, ParameterCount, SaveDtype } from '../../core/types/model';
import type { Tensor } from '../../core/types/tensor';
import type { LoadOptions, ModelInfo, WireSource } from '../models/model_protocol';
import type { CallId, Handle } from '../rpc/call_protocol';

export type { AdapterConfigFields } from '../../adapters/config/adapter_config';

/** The calls about adapters and the models that have some. */
export interface AdapterCalls {
  /** A new model with a new adapter over the weights of `model`, whose own results stay as they are. */
  createAdapters(
    model: Handle,
    adapter: string,
    config: AdapterConfigFields,
    options: WireAdapterOptions,
  ): Promise<AdaptersInfo>;
  /** A new model with an adapter from its files over the weights of `model`, whose own results stay as they are. */
  loadAdapters(
    call: CallId,
    model: Handle,
    adapter: string,
    source: WireAdapterSource,
    options: LoadAdapterOptions,
  ): Promise<AdaptersInfo>;
  /** The fields of an adapter's adapter_config.json. Its other file isn't read. */
  loadConfig(call: CallId, source: WireAdapterSource, options: LoadOptions): Promise<AdapterConfigFields>;
  /** Frees the adapters of a model, but not the base model. */
  dropAdapters(model: Handle): Promise<void>;
  /** Adds a fresh adapter, which becomes active only if no other is. This and the calls below take the handle of a model with adapters. */
  addAdapter(
    model: Handle,
    adapter: string,
    config: AdapterConfigFields,
    options: WireAdapterOptions,
  ): Promise<AdaptersInfo>;
  loadAdapter(
    call: CallId,
    model: Handle,
    adapter: string,
    source: WireAdapterSource,
    options: LoadAdapterOptions,
  ): Promise<AdaptersInfo>;
  /** Activates these adapters alone, at least one. Merged adapters are unmerged first. */
  setAdapter(model: Handle, adapters: readonly string[]): Promise<AdaptersInfo>;
  deleteAdapter(model: Handle, adapter: string): Promise<AdaptersInfo>;
  /** Adds the weighted sum of other adapters, which the kind must be able to form. `options`: the method, for kinds that have several. */
  addWeightedAdapter(
    model: Handle,
    adapter: string,
    parts: readonly WeightedAdapter[],
    options: Readonly<Record<string, unknown>>,
  ): Promise<AdaptersInfo>;
  /** Moves an adapter's vectors by a share, from 0 to 1, towards those of another adapter of the same configuration. Modules stay. */
  mixAdapters(model: Handle, adapter: string, other: string, share: number): Promise<void>;
  /** With false, `forward` and `generate` give the base model's results. */
  enableAdapters(model: Handle, enabled: boolean): Promise<void>;
  /** Emits `merge` events, then `prepared`. If the call is cancelled or fails, everything stays as it was. */
  mergeAdapters(call: CallId, model: Handle, options: MergeRequest): Promise<AdaptersInfo>;
  unmergeAdapters(model: Handle): Promise<AdaptersInfo>;
  /**
   * The model without its adapters, which are merged first if `merge` is given. The handle is then invalid. Emits
   * `merge` events, then `prepared`. If the call is cancelled or fails, everything stays as it was.
   */
  unloadAdapters(call: CallId, model: Handle, merge: MergeRequest | undefined): Promise<ModelInfo>;
  /** ΔW of a module in the layout of its weight. The active adapter by default. */
  deltaWeight(model: Handle, module: string, adapter: string | undefined): Promise<Tensor>;
  /** Resolves with all data that can restore an adapter after this worker or its device was lost. */
  keepAdapter(model: Handle, adapter: string): Promise<KeptAdapter>;
  /** Revives a model over `model` from at least one held adapter, equal to the bit. */
  reviveAdapters(model: Handle, adapters: readonly KeptAdapter[], active: readonly string[]): Promise<AdaptersInfo>;
  /** PEFT's two files. With `id`, resolves only once they're stored as well. */
  saveAdapter(model: Handle, options: SaveAdapterOptions): Promise<AdapterFiles>;
  /** The two files of an adapter of another kind that equals the weighted sum of the adapters; by default the active one. */
  saveConverted(model: Handle, peft_type: string, parts: readonly WeightedAdapter[] | undefined): Promise<AdapterFiles>;
}

export type WireAdapterSource = WireSource | AdapterFiles | { readonly id: string };

export interface WireAdapterOptions {
  readonly is_trainable?: boolean;
  /** The options that only the adapter's kind has, by name. */
  readonly own?: Readonly<Record<string, unknown>>;
}
export interface LoadAdapterOptions extends WireAdapterOptions, LoadOptions {
  /** The kinds that the files may be of. All by default. */
  readonly peft_types?: readonly string[];
}

export interface KeptAdapter {
  readonly name: string;
  readonly config: AdapterConfigFields;
  readonly options: WireAdapterOptions;
  readonly files: AdapterFiles;
  /** The fingerprint of the adapter's initial values, which identifies its runs. */
  readonly origin: string | undefined;
}

export interface SaveAdapterOptions {
  /** The active one by default. */
  readonly adapter_name?: string;
  readonly id?: string;
  /** 'float32' by default. */
  readonly save_dtype?: SaveDtype;
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

/** A model with adapters as it stands after a call. `model` is the same in all of one model's infos. */
export interface AdaptersInfo {
  readonly model: Handle;
  /** In the order in which they were added. */
  readonly adapters: Readonly<Record<string, AdapterStanding>>;
  readonly active: readonly string[];
  readonly merged: readonly string[];
  readonly parameters: ParameterCount;
}

export interface AdapterStanding {
  readonly config: AdapterConfigFields;
  /** Whether the adapter trains when it is active. */
  readonly trainable: boolean;
  /** The names of the modules that the adapter wraps. */
  readonly modules: readonly string[];
}
