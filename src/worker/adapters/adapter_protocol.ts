import type { AdapterConfigFields } from '../../adapters/config/adapter_config';
import type { AdapterFiles, ParameterCount, SaveDtype } from '../../core/types/model';
import type { Tensor } from '../../core/types/tensor';
import type { LoadOptions, ModelInfo, WireSource } from '../models/model_protocol';
import type { CallId, Handle } from '../rpc/call_protocol';
import type { WireAdapterFiles } from '../storage/storage_protocol';

export type { AdapterConfigFields } from '../../adapters/config/adapter_config';

/** The calls about adapters and about models with adapters. */
export interface AdapterCalls {
  /** Creates a model with a new adapter over the weights of `model`. The results of `model` don't change. */
  createAdapters(
    model: Handle,
    adapter: string,
    config: AdapterConfigFields,
    options: WireAdapterOptions,
  ): Promise<AdaptersInfo>;
  /** Creates a model with an adapter from files over the weights of `model`. The results of `model` don't change. */
  loadAdapters(
    call: CallId,
    model: Handle,
    adapter: string,
    source: WireAdapterSource,
    options: LoadAdapterOptions,
  ): Promise<AdaptersInfo>;
  /** Reads the fields of an adapter's adapter_config.json. Doesn't read the adapter's other file. */
  loadConfig(call: CallId, source: WireAdapterSource, options: LoadOptions): Promise<AdapterConfigFields>;
  /** Frees the adapters of a model, but not the base model. */
  dropAdapters(model: Handle): Promise<void>;
  /**
   * Adds a new adapter, which becomes active only if no other is. This call and those below, except `reviveAdapters`, take the handle of a
   * model with adapters.
   */
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
  /** Activates these adapters and no others. Merged adapters are unmerged first. `adapters` has at least one name. */
  setAdapter(model: Handle, adapters: readonly string[]): Promise<AdaptersInfo>;
  deleteAdapter(model: Handle, adapter: string): Promise<AdaptersInfo>;
  /**
   * Adds an adapter that is the weighted sum of others, if their kind supports sums. `options`: the method, for kinds that have several.
   */
  addWeightedAdapter(
    model: Handle,
    adapter: string,
    parts: readonly WeightedAdapter[],
    options: Readonly<Record<string, unknown>>,
  ): Promise<AdaptersInfo>;
  /**
   * Moves an adapter's vectors by a share, from 0 to 1, towards those of another adapter with the same configuration. Biases and whole
   * modules don't change.
   */
  mixAdapters(model: Handle, adapter: string, other: string, share: number): Promise<void>;
  /** Enables or disables the model's adapters. While they are disabled, passes still use trained biases. */
  enableAdapters(model: Handle, enabled: boolean): Promise<void>;
  /** Merges adapters. Emits `merge` events, then `prepared`. If the call is cancelled or fails, the model doesn't change. */
  mergeAdapters(call: CallId, model: Handle, options: MergeRequest): Promise<AdaptersInfo>;
  unmergeAdapters(model: Handle): Promise<AdaptersInfo>;
  /**
   * Returns the model without its adapters, which are merged first if `merge` is given. The handle is then invalid. Emits `merge` events,
   * then `prepared`. If the call is cancelled or fails, the model doesn't change.
   */
  unloadAdapters(call: CallId, model: Handle, merge: MergeRequest | undefined): Promise<ModelInfo>;
  /** Computes ΔW of a module, in the layout of the module's weight. Default: the active adapter's. */
  deltaWeight(model: Handle, module: string, adapter: string | undefined): Promise<Tensor>;
  /** Resolves with all data that can restore an adapter after this worker or its device was lost. */
  keepAdapter(model: Handle, adapter: string): Promise<KeptAdapter>;
  /** Creates a model with adapters over `model` from the data of `keepAdapter`, bit for bit. `adapters` has at least one element. */
  reviveAdapters(model: Handle, adapters: readonly KeptAdapter[], active: readonly string[]): Promise<AdaptersInfo>;
  /** Returns PEFT's two files of an adapter. With `id`, resolves only once they are stored as well. */
  saveAdapter(model: Handle, options: SaveAdapterOptions): Promise<AdapterFiles>;
  /** Returns the two files of an adapter of another kind that equals the weighted sum of `parts`. Default: the active adapter alone. */
  saveConverted(model: Handle, peft_type: string, parts: readonly WeightedAdapter[] | undefined): Promise<AdapterFiles>;
}

export type WireAdapterSource = WireSource | WireAdapterFiles | { readonly id: string };

export interface WireAdapterOptions {
  readonly is_trainable?: boolean;
  /** The options that only adapters of this kind have, by name. */
  readonly own?: Readonly<Record<string, unknown>>;
}
export interface LoadAdapterOptions extends WireAdapterOptions, LoadOptions {
  /** The kinds of adapters that the files may contain. Default: all kinds. */
  readonly peft_types?: readonly string[];
}

export interface KeptAdapter {
  readonly name: string;
  readonly config: AdapterConfigFields;
  readonly options: WireAdapterOptions;
  readonly files: AdapterFiles;
  /** A fingerprint of the adapter's initial values. A resumed run finds its checkpoints by it. */
  readonly origin: string | undefined;
}

export interface SaveAdapterOptions {
  /** The name of the adapter to save. Default: the active adapter. */
  readonly adapter_name?: string;
  readonly id?: string;
  /** The dtype of the tensors in the file. Default: 'float32'. */
  readonly save_dtype?: SaveDtype;
}

export interface WeightedAdapter {
  readonly adapter_name: string;
  readonly weight: number;
}

export interface MergeRequest {
  readonly safe_merge: boolean;
  /** The names of the adapters to merge. Default: the active adapters. */
  readonly adapter_names?: readonly string[];
}

/** The state of a model with adapters after a call. `model` is the same in all infos about one model. */
export interface AdaptersInfo {
  readonly model: Handle;
  /** The adapters by name, in the order in which they were added. */
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
