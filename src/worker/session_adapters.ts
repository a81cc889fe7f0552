import { configWarnings, VeraConfig } from '../adapters/config';
import { ProjectionPool } from '../adapters/projection_pool';
import type { AdapterFiles } from '../core/model';
import type { Warn } from '../core/warning';
import { readAdapterConfig } from '../formats/peft';
import type { Executor } from '../gpu/executor';
import { type AdapterBytes, readAdapterBytes, readTensors, toFiles, writeAdapter } from './adapter_files';
import type { AdapterShelf } from './adapter_shelf';
import type {
  CallId,
  LoadAdapterOptions,
  SaveAdapterOptions,
  VeraConfigFields,
  WireAdapterOptions,
  WireAdapterSource,
} from './protocol';
import type { SessionModels } from './session_models';
import type { TextModel } from './text_model';
import { VeraState } from './vera_state';

/** Puts adapters on models, and reads and writes their files. */
export class SessionAdapters {
  readonly #models: SessionModels;
  readonly #shelf: AdapterShelf;
  readonly #warn: Warn;
  #projections: ProjectionPool | undefined;
  #keys = 0;

  constructor(models: SessionModels, shelf: AdapterShelf, warn: Warn) {
    this.#models = models;
    this.#shelf = shelf;
    this.#warn = warn;
  }

  newState(executor: Executor, base: TextModel): VeraState {
    this.#projections ??= new ProjectionPool(executor);
    return new VeraState(base, {
      runner: executor,
      projections: this.#projections,
      warn: this.#warn,
      nextKey: () => {
        this.#keys += 1;
        return `adapter${this.#keys}`;
      },
    });
  }

  /** A fresh adapter, with PEFT's first values. */
  async create(vera: VeraState, name: string, fields: VeraConfigFields, options: WireAdapterOptions): Promise<void> {
    const config = new VeraConfig(fields);
    for (const warning of configWarnings(config)) this.#warn(warning);
    await vera.add(name, vera.resolve(name, config), options);
  }

  /** An adapter from its files; everything is checked before the model changes. */
  async load(
    vera: VeraState,
    name: string,
    bytes: AdapterBytes,
    { is_trainable = false, projection_dtype = 'float32' }: WireAdapterOptions,
  ): Promise<void> {
    const { limits } = this.#models;
    const options = { limits, warn: this.#warn, adapter_name: name };
    const config = readAdapterConfig(bytes.config, options);
    for (const warning of configWarnings(config)) this.#warn(warning);
    const targets = vera.resolve(name, config);
    const tensors = readTensors(bytes.model, targets, options);
    await vera.add(name, targets, { is_trainable, projection_dtype }, tensors);
  }

  async read(
    call: CallId,
    source: WireAdapterSource,
    options: LoadAdapterOptions,
    signal: AbortSignal,
  ): Promise<AdapterBytes> {
    if (typeof source === 'object' && 'id' in source) return this.#shelf.expect(source.id);
    const folder =
      typeof source === 'object' && 'adapter_config.json' in source
        ? { files: new Map<string, Blob>(Object.entries(source)) }
        : source;
    return readAdapterBytes(this.#models.open(call, folder, options, signal), this.#models.limits);
  }

  async save(vera: VeraState, { adapter_name, id }: SaveAdapterOptions): Promise<AdapterFiles> {
    const { adapter, tensors } = await vera.tensors(adapter_name);
    const bytes = writeAdapter(adapter.config, tensors);
    if (id !== undefined) await this.#shelf.set(id, bytes);
    return toFiles(bytes);
  }
}
