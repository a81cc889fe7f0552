import type { AdapterKind, FrozenPool, KindOptions, SumPart } from '../../adapters/adapter';
import { kindNamed, readAdapterConfig } from '../../adapters/adapter_kinds';
import type { AdapterConfig } from '../../adapters/config/adapter_config';
import { expectedTensors } from '../../adapters/files/expected_tensors';
import { readAdapterModel } from '../../adapters/files/read_adapter';
import type { AdapterBytes } from '../../adapters/files/write_adapter';
import { targetWarnings } from '../../adapters/targets/targets';
import { WebVeraError } from '../../core/errors/error';
import type { Warn } from '../../core/errors/warning';
import type { AdapterFiles } from '../../core/types/model';
import type { Runner } from '../../graph/runner';
import type { BaseModel } from '../models/base_model';
import type { ModelSources } from '../models/loading/model_sources';
import type {
  AdapterConfigFields,
  CallId,
  KeptAdapter,
  LoadAdapterOptions,
  LoadOptions,
  SaveAdapterOptions,
  SessionHost,
  WeightedAdapter,
  WireAdapterOptions,
  WireAdapterSource,
  WireSource,
} from '../protocol';
import { type AnnounceNumbers, announcer } from '../rpc/announce';
import type { Ready } from '../rpc/ready';
import { readAdapterBytes, readConfigBytes, toBytes, toFiles, writeAdapter } from '../storage/adapter_files';
import type { SavedAdapters } from '../storage/saved_adapters';
import { ModelAdapters } from './model_adapters';
import { forThisModel } from './other_model';

/** Creates adapters on models, and reads and writes their files. */
export class AdapterLoader {
  readonly #sources: ModelSources;
  readonly #saved: SavedAdapters;
  readonly #warn: Warn;
  readonly #frozen = new WeakMap<Runner, Map<AdapterKind, FrozenPool>>();
  readonly #announce: AnnounceNumbers;
  #keys = 0;

  constructor(host: SessionHost, sources: ModelSources, saved: SavedAdapters, warn: Warn) {
    this.#announce = announcer(host);
    this.#sources = sources;
    this.#saved = saved;
    this.#warn = warn;
  }

  /** Wraps a base model so that adapters can be added to it. The model begins without adapters. */
  open(base: BaseModel): ModelAdapters {
    return new ModelAdapters(base, {
      warn: this.#warn,
      frozen: (kind) => this.#frozenPool(base.runner, kind),
      announce: this.#announce,
      nextKey: () => `adapter${++this.#keys}`,
    });
  }

  /** Adds a new adapter to the model, with PEFT's initial values. */
  async create(
    model: ModelAdapters,
    name: string,
    fields: AdapterConfigFields,
    { is_trainable = fields.inference_mode !== true, own = {} }: WireAdapterOptions,
  ): Promise<void> {
    const kind = kindNamed(fields);
    const config = inMode(kind, fields, is_trainable);
    this.#warnOf(kind, config);
    const resolved = model.resolve(name, kind, config, this.#warn);
    for (const warning of targetWarnings(config, model.base.loaded.model.modules)) this.#warn(warning);
    await model.add({ kind, name, resolved, trainable: is_trainable, options: own });
  }

  /** Adds an adapter from its files. Checks them and places the adapter on the device before the model changes. */
  async load(
    model: ModelAdapters,
    name: string,
    bytes: AdapterBytes,
    { is_trainable = false, own = {}, peft_types }: WireAdapterOptions & Pick<LoadAdapterOptions, 'peft_types'>,
    ready: Ready = async () => {},
  ): Promise<void> {
    const { limits } = this.#sources;
    const options = { limits, warn: this.#warn, adapter_name: name, peft_types };
    const read = readAdapterConfig(bytes.config, options);
    const kind = kindNamed(read);
    const config = inMode(kind, read, is_trainable);
    this.#warnOf(kind, config);
    const resolved = forThisModel(config, () => model.resolveStored(name, kind, config, this.#warn));
    const expected = expectedTensors(kind, resolved, model.base.loaded.model);
    const tensors = readAdapterModel(bytes.model, expected, options);
    const added = { kind, name, resolved, trainable: is_trainable, options: own, tensors, warn: this.#warn };
    await model.add(added, ready);
  }

  async keep(model: ModelAdapters, name: string): Promise<KeptAdapter> {
    const { config, trainable, options, origin } = model.adapter(name);
    const files = await this.save(model, { adapter_name: name });
    const fields = { ...config, peft_type: config.peft_type };
    return { name, config: fields, options: { is_trainable: trainable, own: options }, files, origin };
  }

  /** Restores an adapter from its saved state, without repeating the warnings about its configuration and values. */
  async revive(model: ModelAdapters, { name, config: fields, options, files, origin }: KeptAdapter): Promise<void> {
    // The limits protect against untrusted files. The library wrote these files itself, so they may have any size.
    const limits = { ...this.#sources.limits, adapter: Number.POSITIVE_INFINITY, json: Number.POSITIVE_INFINITY };
    const kind = kindNamed(fields);
    const resolved = model.resolveStored(name, kind, new kind.Config(fields));
    const bytes = await toBytes(files, limits);
    const expected = expectedTensors(kind, resolved, model.base.loaded.model);
    const tensors = readAdapterModel(bytes.model, expected, { limits, adapter_name: name });
    const { is_trainable = true, own = {} } = options;
    await model.add({ kind, name, resolved, trainable: is_trainable, options: own, tensors, origin });
  }

  async read(
    call: CallId,
    source: WireAdapterSource,
    options: LoadAdapterOptions,
    signal: AbortSignal,
  ): Promise<AdapterBytes> {
    if (typeof source === 'object' && 'id' in source) return this.#saved.expect(source.id);
    return readAdapterBytes(this.#sources.open(call, folderOf(source), options, signal), this.#sources.limits);
  }

  /** Reads an adapter's configuration. Doesn't read its weights. */
  async readConfig(
    call: CallId,
    source: WireAdapterSource,
    options: LoadOptions,
    signal: AbortSignal,
  ): Promise<AdapterConfigFields> {
    const { limits } = this.#sources;
    const bytes =
      typeof source === 'object' && 'id' in source
        ? (await this.#saved.expect(source.id)).config
        : await readConfigBytes(this.#sources.open(call, folderOf(source), options, signal), limits);
    const config = readAdapterConfig(bytes, { limits, warn: this.#warn });
    this.#warnOf(kindNamed(config), config);
    return { ...config };
  }

  /** Adds an adapter whose deltas are the weighted sum of other adapters' deltas. */
  async addWeighted(
    model: ModelAdapters,
    name: string,
    parts: readonly WeightedAdapter[],
    options: KindOptions,
    signal: AbortSignal,
  ): Promise<void> {
    const given = await weightedParts(model, parts);
    const kind = kindOfParts(model, parts);
    const sum = await kind.sum?.(given, options, signal);
    if (sum === undefined) throw cannot(kind, 'be added up');
    const { config, tensors } = sum;
    const resolved = model.resolve(name, kind, config, this.#warn);
    await model.add({ kind, name, resolved, trainable: true, options: {}, tensors, warn: this.#warn });
  }

  /**
   * Returns the files of an adapter of type `peft_type` that equals the weighted sum of the adapters in `parts`. A single adapter of weight
   * 1 may also have biases and whole modules (PEFT's `modules_to_save`).
   */
  async saveConverted(
    model: ModelAdapters,
    peft_type: string,
    parts: readonly WeightedAdapter[] = [{ adapter_name: model.activeName, weight: 1 }],
  ): Promise<AdapterFiles> {
    const kind = kindOfParts(model, parts);
    const [{ adapter_name, weight } = { adapter_name: '', weight: 0 }] = parts;
    const isWhole = parts.length === 1 && weight === 1;
    const given = isWhole ? [await partOf(model, adapter_name, 1)] : await weightedParts(model, parts);
    const files = await kind.convert?.(peft_type, given, this.#announce);
    if (files !== undefined) return toFiles(files);
    throw cannot(kind, `become one of type ${peft_type}`);
  }

  async save(model: ModelAdapters, { adapter_name, id, save_dtype }: SaveAdapterOptions): Promise<AdapterFiles> {
    const adapter = model.adapter(adapter_name ?? model.activeName);
    const bytes = writeAdapter(adapter.kind, adapter.config, await model.read(adapter), save_dtype);
    if (id !== undefined) await this.#saved.set(id, bytes);
    return toFiles(bytes);
  }

  #frozenPool(runner: Runner, kind: AdapterKind): FrozenPool | undefined {
    const pools = this.#frozen.get(runner) ?? new Map<AdapterKind, FrozenPool>();
    this.#frozen.set(runner, pools);
    const pool = pools.get(kind) ?? kind.frozen?.pool(runner, this.#announce);
    if (pool !== undefined) pools.set(kind, pool);
    return pool;
  }

  #warnOf(kind: AdapterKind, config: AdapterConfig): void {
    for (const warning of kind.Config.rules.warnings(config)) this.#warn(warning);
  }
}

/** Returns the error for a call that an adapter kind doesn't support. */
function cannot({ Config }: AdapterKind, what: string): WebVeraError {
  return new WebVeraError('invalid_argument', `Adapters of type ${Config.rules.peft_type} can't ${what}`);
}

/** Returns the source of an adapter's folder. An adapter's two files count as a folder, too. */
function folderOf(source: Exclude<WireAdapterSource, { readonly id: string }>): WireSource {
  return typeof source === 'object' && 'adapter_config.json' in source
    ? { files: new Map<string, Blob>(Object.entries(source)) }
    : source;
}

/** Makes a configuration whose `inference_mode` is false if the adapter is trainable, as in PEFT. */
function inMode(kind: AdapterKind, fields: object, is_trainable: boolean): AdapterConfig {
  return new kind.Config({ ...fields, inference_mode: !is_trainable });
}

/** Returns the adapter kind of a weighted sum: that of its first adapter. */
function kindOfParts(model: ModelAdapters, parts: readonly WeightedAdapter[]): AdapterKind {
  const [first = { adapter_name: model.activeName }] = parts;
  return model.adapter(first.adapter_name).kind;
}

async function partOf(model: ModelAdapters, name: string, weight: number): Promise<SumPart> {
  const adapter = model.adapter(name);
  return { weight, config: adapter.config, modules: adapter.modules, tensors: await model.read(adapter) };
}

async function weightedParts(model: ModelAdapters, parts: readonly WeightedAdapter[]): Promise<SumPart[]> {
  for (const { adapter_name } of parts) {
    if (model.adapter(adapter_name).tensors.size === 0) continue;
    const message = `A weighted sum: expected adapters that train no biases and no whole modules, got ${adapter_name}`;
    throw new WebVeraError('invalid_argument', message, {
      hint: 'A sum has no place for them: it adds up what adapters change in the modules that they wrap.',
    });
  }
  // All reads are queued together. Otherwise a run that trains several of these adapters could do a step between two reads.
  return Promise.all(parts.map(({ adapter_name, weight }) => partOf(model, adapter_name, weight)));
}
