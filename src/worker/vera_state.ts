import type { VeraConfig } from '../adapters/config';
import { initialParameters, layoutParameters, packParameters, unpackParameters } from '../adapters/parameters';
import type { ProjectionPool } from '../adapters/projection_pool';
import { equalProjections, generateProjections, type ProjectionKey } from '../adapters/projections';
import { type ResolvedTargets, resolveTargets } from '../adapters/targets';
import type { ProjectionValues, VeraAdapter } from '../adapters/vera_adapter';
import { abortError } from '../core/abort';
import { WebVeraError } from '../core/error';
import { numel } from '../core/shape';
import type { Tensor } from '../core/tensor';
import type { Warn } from '../core/warning';
import type { AdapterTensors } from '../formats/peft';
import type { Runner } from '../graph/runner';
import { pinned, type Value } from '../graph/value';
import type { VeraInfo, WireAdapterOptions } from './protocol';
import type { Applied, TextModel } from './text_model';

interface Entry {
  readonly adapter: VeraAdapter;
  /** Tells its programs from others', also from those of an earlier adapter of the same name. */
  readonly key: string;
}

/** What a VeRA model needs of its session. */
export interface VeraHost {
  readonly runner: Runner;
  readonly projections: ProjectionPool;
  readonly warn: Warn;
  /** A key that no other adapter of the session has. */
  nextKey(): string;
}

/** The adapters over one base model. The base model's own results stay as they are. */
export class VeraState {
  readonly base: TextModel;
  readonly #host: VeraHost;
  readonly #entries = new Map<string, Entry>();
  /** Names of adapters that are on their way. */
  readonly #coming = new Set<string>();
  #active: string | undefined;
  #enabled = true;

  constructor(base: TextModel, host: VeraHost) {
    this.base = base;
    this.#host = host;
  }

  get active(): VeraAdapter | undefined {
    return this.#active === undefined ? undefined : this.#entries.get(this.#active)?.adapter;
  }

  /** What a pass uses now. */
  applied(): Applied {
    const entry = this.#enabled && this.#active !== undefined ? this.#entries.get(this.#active) : undefined;
    return { adapter: entry?.adapter, key: entry?.key ?? 'base' };
  }

  /** Which modules a configuration wraps, without changing anything. Throws PEFT's errors. */
  resolve(name: string, config: VeraConfig): ResolvedTargets {
    if (this.#entries.has(name) || this.#coming.has(name)) {
      throw new WebVeraError('invalid_argument', `Adapter with name '${name}' already exists.`, {
        hint: 'Choose another name, or delete the adapter first.',
      });
    }
    if (name === '' || name.includes('.')) {
      throw new WebVeraError('invalid_argument', `module name can't contain ".", got: ${name}`, {
        hint: 'Name the adapter with letters, digits, - and _.',
      });
    }
    if (config.bias !== 'none' || (config.modules_to_save ?? []).length > 0) {
      const what = config.bias === 'none' ? 'modules_to_save' : `bias '${config.bias}'`;
      throw new WebVeraError('invalid_argument', `${what}: expected an adapter that trains λ alone`, {
        hint: 'Training of biases and whole modules is not supported yet.',
      });
    }
    const { model } = this.base.loaded;
    return resolveTargets(config, model.modules, {
      model_type: model.config.model_type,
      output_embedding: model.head,
      tie_word_embeddings: model.config.tie_word_embeddings === true,
      warn: this.#host.warn,
    });
  }

  /** Adds an adapter; with `tensors` it has their values, else PEFT's first ones. The first one becomes active. */
  async add(
    name: string,
    targets: ResolvedTargets,
    options: WireAdapterOptions,
    tensors?: AdapterTensors,
  ): Promise<void> {
    this.#expectLinears(targets.modules.map((module) => module.name));
    this.#coming.add(name);
    try {
      const adapter = await this.#place(name, targets, options, tensors);
      this.#entries.set(name, { adapter, key: this.#host.nextKey() });
      this.#active ??= name;
    } finally {
      this.#coming.delete(name);
    }
  }

  /** Puts an adapter's values on the device. */
  async #place(
    name: string,
    { modules, config, max_in, max_out }: ResolvedTargets,
    { is_trainable = true, projection_dtype = 'float32' }: WireAdapterOptions,
    tensors: AdapterTensors | undefined,
  ): Promise<VeraAdapter> {
    const { runner, projections: pool } = this.#host;
    const layout = layoutParameters(modules, config.r);
    const lambda = pinned(`lambda of ${name}`, [layout.length]);
    const initial =
      tensors === undefined ? initialParameters(layout, config, 0) : packParameters(layout, tensors.vectors);
    const key = { projection_prng_key: config.projection_prng_key, r: config.r, max_in, max_out };
    const stored = tensors?.projections;
    const projections =
      stored === undefined ? await pool.acquire(key, projection_dtype) : await this.#storedProjections(key, stored);
    try {
      await runner.allocate([lambda]);
      runner.write(lambda, initial);
    } catch (error) {
      runner.free([lambda]);
      pool.release(projections);
      throw error;
    }
    return { name, config, layout, projections, lambda, trainable: is_trainable };
  }

  activate(name: string): void {
    this.#expect(name);
    this.#active = name;
  }

  enable(enabled: boolean): void {
    this.#enabled = enabled;
  }

  /** As PEFT: when the active one goes, the alphabetically first of the others becomes active, with a warning. */
  async delete(name: string): Promise<void> {
    const entry = this.#expect(name);
    this.#entries.delete(name);
    if (this.#active === name) this.#replaceActive(name);
    await this.#discard(entry);
  }

  #replaceActive(name: string): void {
    this.#active = [...this.#entries.keys()].sort()[0];
    if (this.#active === undefined) return;
    const message = `Adapter ${name} was active which is now deleted. Setting active adapter to ${this.#active}.`;
    this.#host.warn({ code: 'active_adapter_deleted', message });
  }

  /** The values of an adapter as its file holds them, projections included. */
  async tensors(name = this.#active ?? 'default'): Promise<{ adapter: VeraAdapter; tensors: AdapterTensors }> {
    const { adapter, key } = this.#expect(name);
    return this.base.jobs.run(key, undefined, async () => {
      const vectors = unpackParameters(adapter.layout, await this.#read(adapter.lambda));
      const others = new Map<string, Tensor>();
      if (!adapter.config.save_projection) return { adapter, tensors: { vectors, projections: undefined, others } };
      const { A, B } = adapter.projections;
      const projections = {
        A: { dims: A.shape, data: await this.#read(A) },
        B: { dims: B.shape, data: await this.#read(B) },
      };
      return { adapter, tensors: { vectors, projections, others } };
    });
  }

  info(model: number): VeraInfo {
    const base = this.base.loaded.model.weights.reduce((sum, { shape }) => sum + numel(shape), 0);
    const lambdas = [...this.#entries.values()].map(({ adapter }) => adapter.layout.trainable);
    const active = this.active;
    return {
      model,
      adapters: Object.fromEntries([...this.#entries].map(([name, { adapter }]) => [name, { ...adapter.config }])),
      active: this.#active === undefined ? [] : [this.#active],
      parameters: {
        trainable: active?.trainable === true ? active.layout.trainable : 0,
        all: base + lambdas.reduce((sum, count) => sum + count, 0),
      },
    };
  }

  async dispose(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    this.#active = undefined;
    for (const entry of entries) await this.#discard(entry);
  }

  /** Frees what an adapter has on the device, once nobody uses it any more. */
  async #discard({ adapter, key }: Entry): Promise<void> {
    await this.base.jobs.end(key, abortError(`Adapter ${adapter.name} was deleted`));
    await this.base.dropPrograms(key);
    this.#host.runner.free([adapter.lambda]);
    this.#host.projections.release(adapter.projections);
  }

  #expect(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    throw new WebVeraError('invalid_argument', `Adapter ${name} not found.`, {
      hint: `The adapters are: ${[...this.#entries.keys()].join(', ') || 'none'}.`,
    });
  }

  #expectLinears(names: readonly string[]): void {
    const wrong = names.find((name) => name === this.base.loaded.model.head);
    if (wrong === undefined) return;
    throw new WebVeraError('invalid_argument', `target_modules: ${wrong} can't be wrapped`, {
      hint: 'The output embedding is not supported as a target yet.',
    });
  }

  /** The file's own projections decide; they're shared with other adapters only where the key gives the same. */
  async #storedProjections(key: ProjectionKey, { A, B }: { A: Tensor; B: Tensor }): Promise<ProjectionValues> {
    const inFile = { ...key, max_in: A.dims[1] ?? key.max_in, max_out: B.dims[0] ?? key.max_out };
    const stored = { A: new Float32Array(A.data), B: new Float32Array(B.data) };
    if (equalProjections(generateProjections(inFile), stored)) {
      return this.#host.projections.acquire(inFile, 'float32', stored);
    }
    this.#host.warn({
      code: 'projection_differs',
      message:
        `vera_A and vera_B in the file differ from what projection_prng_key ${key.projection_prng_key} gives. ` +
        'The file is followed; PEFT up to 0.20.0 ignores it and would give other results.',
    });
    return this.#host.projections.adopt(inFile, stored);
  }

  async #read(value: Value): Promise<Float32Array<ArrayBuffer>> {
    return new Float32Array(await this.#host.runner.read(value)).slice(0, numel(value.shape));
  }
}
