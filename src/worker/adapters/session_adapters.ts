import { targetWarnings } from '../../adapters/targets';
import { configWarnings, VeraConfig } from '../../adapters/vera/config';
import { loraOf, weightedLora } from '../../adapters/vera/lora';
import { ProjectionPool } from '../../adapters/vera/projection_pool';
import type { VeraValues, WeightedPart } from '../../adapters/vera/vectors';
import { asVera } from '../../adapters/vera/vera_on_model';
import { combineVectors } from '../../adapters/vera/weighted';
import { WebVeraError } from '../../core/errors/error';
import type { Warn } from '../../core/errors/warning';
import { readFile } from '../../core/input/file_source';
import type { AdapterFiles } from '../../core/types/model';
import { writeLoraConfig, writeLoraModel } from '../../formats/peft/lora';
import { readAdapterConfig, readAdapterModel } from '../../formats/peft/peft';
import type { Runner } from '../../graph/runner';
import type { BaseModel } from '../models/base_model';
import type { ModelSources } from '../models/loading/model_sources';
import type {
  CallId,
  KeptAdapter,
  LoadAdapterOptions,
  LoadOptions,
  SaveAdapterOptions,
  SessionHost,
  VeraConfigFields,
  WeightedAdapter,
  WireAdapterOptions,
  WireAdapterSource,
  WireSource,
} from '../protocol';
import type { Ready } from '../rpc/ready';
import {
  type AdapterBytes,
  CONFIG_FILE,
  readAdapterBytes,
  toBytes,
  toFiles,
  writeAdapter,
} from '../storage/adapter_files';
import type { SavedAdapters } from '../storage/saved_adapters';
import type { FullAdapterTensors } from './adapter_placer';
import { VeraPlacer } from './vera_placer';
import { VeraState } from './vera_state';

/** Puts adapters on models, and reads and writes their files. */
export class SessionAdapters {
  readonly #host: SessionHost;
  readonly #sources: ModelSources;
  readonly #saved: SavedAdapters;
  readonly #warn: Warn;
  readonly #projections = new WeakMap<Runner, ProjectionPool>();
  /** Slow devices draw four million a second. */
  readonly #announce = (numbers: number): void => this.#host.quiet?.(numbers / 2 ** 22);
  #keys = 0;

  constructor(host: SessionHost, sources: ModelSources, saved: SavedAdapters, warn: Warn) {
    this.#host = host;
    this.#sources = sources;
    this.#saved = saved;
    this.#warn = warn;
  }

  newState(base: BaseModel): VeraState {
    const { runner } = base;
    const projections = this.#projections.get(runner) ?? new ProjectionPool(runner, this.#announce);
    this.#projections.set(runner, projections);
    return new VeraState(base, {
      runner,
      placer: new VeraPlacer(runner, base.loaded, projections, this.#warn),
      warn: this.#warn,
      nextKey: () => {
        this.#keys += 1;
        return `adapter${this.#keys}`;
      },
    });
  }

  /** A fresh adapter, with PEFT's first values. */
  async create(vera: VeraState, name: string, fields: VeraConfigFields, options: WireAdapterOptions): Promise<void> {
    const { is_trainable = fields.inference_mode !== true } = options;
    const config = inMode(new VeraConfig(fields), is_trainable);
    for (const warning of configWarnings(config)) this.#warn(warning);
    const resolved = vera.resolve(name, config);
    for (const warning of targetWarnings(config, vera.base.loaded.model.modules)) this.#warn(warning);
    await vera.add(name, resolved, { ...options, is_trainable });
  }

  /** An adapter from its files; everything is checked and placed before the model changes. */
  async load(
    vera: VeraState,
    name: string,
    bytes: AdapterBytes,
    { is_trainable = false, projection_dtype = 'float32' }: WireAdapterOptions,
    ready: Ready = async () => {},
  ): Promise<void> {
    const { limits } = this.#sources;
    const options = { limits, warn: this.#warn, adapter_name: name };
    const config = inMode(readAdapterConfig(bytes.config, options), is_trainable);
    for (const warning of configWarnings(config)) this.#warn(warning);
    const resolved = vera.resolve(name, config);
    const tensors = readAdapterModel(bytes.model, resolved.expected, options);
    await vera.add(name, resolved, { is_trainable, projection_dtype }, { tensors, ready });
  }

  async keep(vera: VeraState, name: string): Promise<KeptAdapter> {
    const { config, trainable, projections, origin } = asVera(vera.adapter(name));
    const files = await this.save(vera, { adapter_name: name });
    const options = { is_trainable: trainable, projection_dtype: projections.dtype };
    return { name, config: { ...config }, options, files, origin };
  }

  /** Nobody is warned again of what it is like. */
  async revive(vera: VeraState, { name, config: fields, options, files, origin }: KeptAdapter): Promise<void> {
    const { limits } = this.#sources;
    const config = new VeraConfig(fields);
    const resolved = vera.resolve(name, config);
    const { model } = await toBytes(files, limits);
    const tensors = readAdapterModel(model, resolved.expected, { limits, adapter_name: name });
    await vera.add(name, resolved, options, { tensors, origin });
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

  /** The configuration of an adapter from its file alone. */
  async readConfig(
    call: CallId,
    source: WireAdapterSource,
    options: LoadOptions,
    signal: AbortSignal,
  ): Promise<VeraConfigFields> {
    const { limits } = this.#sources;
    const bytes =
      typeof source === 'object' && 'id' in source
        ? (await this.#saved.expect(source.id)).config
        : await readFile(this.#sources.open(call, folderOf(source), options, signal), CONFIG_FILE, limits.json);
    const config = readAdapterConfig(bytes, { limits, warn: this.#warn });
    for (const warning of configWarnings(config)) this.#warn(warning);
    return { ...config };
  }

  /** An adapter whose deltas are the weighted sum of others'. */
  async addWeighted(vera: VeraState, name: string, parts: readonly WeightedAdapter[]): Promise<void> {
    const sum = combineVectors(await weightedParts(vera, parts));
    const [first] = parts.map(({ adapter_name }) => asVera(vera.adapter(adapter_name)).config);
    if (first === undefined) return;
    const config = new VeraConfig({
      ...first,
      // Its parts train nothing but vectors, whatever their configurations ask for where there is nothing of it.
      bias: 'none',
      modules_to_save: null,
      inference_mode: false,
      target_modules: [...sum.modules.keys()],
      layers_to_transform: null,
      layers_pattern: null,
    });
    const { vectors, projections } = sum;
    const tensors = { vectors, projections, others: new Map() };
    await vera.add(name, vera.resolve(name, config), {}, { tensors });
  }

  /** The files of the LoRA that equals the weighted sum of the adapters; one alone keeps all that it trained. */
  async saveLora(vera: VeraState, parts: readonly WeightedAdapter[] | undefined): Promise<AdapterFiles> {
    const [{ adapter_name, weight } = { adapter_name: vera.active[0] ?? 'default', weight: 1 }] = parts ?? [];
    if (parts === undefined || (parts.length === 1 && weight === 1)) {
      const { config } = asVera(vera.adapter(adapter_name));
      const values = await numbersOf(vera, adapter_name);
      const lora = loraOf(values);
      return toFiles({ config: writeLoraConfig(config, { r: lora.r }), model: writeLoraModel(lora, values.others) });
    }
    const lora = weightedLora(await weightedParts(vera, parts));
    const config = writeLoraConfig(asVera(vera.adapter(adapter_name)).config, {
      r: lora.r,
      modules: lora.modules.keys(),
    });
    return toFiles({ config, model: writeLoraModel(lora) });
  }

  async save(vera: VeraState, { adapter_name, id }: SaveAdapterOptions): Promise<AdapterFiles> {
    const adapter = asVera(vera.adapter(adapter_name ?? vera.active[0] ?? 'default'));
    const { projections, ...rest } = await vera.read(adapter);
    const { config } = adapter;
    const bytes = writeAdapter(config, { ...rest, projections: config.save_projection ? projections : undefined });
    if (id !== undefined) await this.#saved.set(id, bytes);
    return toFiles(bytes);
  }
}

/** An adapter's two files are a folder too. */
function folderOf(source: Exclude<WireAdapterSource, { readonly id: string }>): WireSource {
  return typeof source === 'object' && 'adapter_config.json' in source
    ? { files: new Map<string, Blob>(Object.entries(source)) }
    : source;
}

/** As in PEFT, the configuration tells whether the adapter trains. */
function inMode(config: VeraConfig, is_trainable: boolean): VeraConfig {
  return new VeraConfig({ ...config, inference_mode: !is_trainable });
}

async function numbersOf(vera: VeraState, name: string): Promise<VeraValues & FullAdapterTensors> {
  const adapter = vera.adapter(name);
  return { r: adapter.config.r, modules: adapter.modules, ...(await vera.read(adapter)) };
}

async function weightedParts(vera: VeraState, parts: readonly WeightedAdapter[]): Promise<WeightedPart[]> {
  for (const { adapter_name } of parts) {
    if (vera.adapter(adapter_name).tensors.size === 0) continue;
    throw new WebVeraError(
      'invalid_argument',
      `A weighted sum: expected adapters that change vectors alone, got ${adapter_name}`,
      { hint: 'Trained biases and whole modules have no place in a sum of deltas.' },
    );
  }
  // At once, so that a run that trains several changes none of them meanwhile.
  return Promise.all(
    parts.map(async ({ adapter_name, weight }) => ({ ...(await numbersOf(vera, adapter_name)), weight })),
  );
}
