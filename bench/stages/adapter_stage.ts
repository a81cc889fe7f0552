import { VeraConfig } from '../../src/adapters/vera/config';
import { uniforms } from '../../src/core/numbers/rng';
import type { DeviceHost } from '../../src/gpu/device_host';
import type { Executor } from '../../src/gpu/executor';
import { openStore } from '../../src/store/open_store';
import { SessionAdapters } from '../../src/worker/adapters/session_adapters';
import type { VeraState } from '../../src/worker/adapters/vera_state';
import { BaseModel } from '../../src/worker/models/base_model';
import { ModelSources } from '../../src/worker/models/loading/model_sources';
import { type AdapterBytes, writeAdapter } from '../../src/worker/storage/adapter_files';
import { SavedAdapters } from '../../src/worker/storage/saved_adapters';
import { type ModelStageOptions, openModel } from './model_stage';

export interface StageOptions extends ModelStageOptions {
  readonly r: number;
  readonly target_modules: readonly string[];
}

/** A model and its adapters on a device of their own, built from the same parts as a session. */
export class AdapterStage {
  readonly host: DeviceHost;
  readonly executor: Executor;
  readonly base: BaseModel;
  readonly vera: VeraState;
  readonly #adapters: SessionAdapters;
  readonly #config: VeraConfig;

  private constructor(host: DeviceHost, executor: Executor, base: BaseModel, { r, target_modules }: StageOptions) {
    this.host = host;
    this.executor = executor;
    this.base = base;
    const sessionHost = { emit: () => {} };
    const sources = new ModelSources(sessionHost, { store: 'memory' });
    const saved = new SavedAdapters(openStore({ kind: 'memory' }), () => {});
    this.#adapters = new SessionAdapters(sessionHost, sources, saved, () => {});
    this.vera = this.#adapters.newState(base);
    this.#config = new VeraConfig({ r, target_modules, save_projection: false, task_type: 'CAUSAL_LM' });
  }

  /**
   * Opens a device, and loads the model and one adapter for each name. Throws `unsupported_device`, and the errors of loading a model.
   */
  static async open(gpu: GPU | undefined, options: StageOptions, names: readonly string[]): Promise<AdapterStage> {
    const { host, executor, loaded } = await openModel(gpu, options);
    try {
      const stage = new AdapterStage(host, executor, new BaseModel(executor, loaded), options);
      for (const [seed, name] of names.entries()) await stage.load(name, stage.adapterFiles(seed));
      return stage;
    } catch (error) {
      host.close();
      throw error;
    }
  }

  /** The two files of one person's adapter: random vectors, without A and B. */
  adapterFiles(seed: number): AdapterBytes {
    const { targets, expected } = this.vera.resolve(`person ${seed}`, this.#config);
    const vectors = [...expected.vectors].map(([name, [length = 0]], at) => {
      const values = uniforms({ seed, stream: 'init', at }, length);
      return [name, new Float32Array(values.map((value) => (value - 0.5) / 5))] as const;
    });
    return writeAdapter(targets.config, { vectors: new Map(vectors), projections: undefined, others: new Map() });
  }

  async load(name: string, files: AdapterBytes): Promise<void> {
    await this.#adapters.load(this.vera, name, files, {});
  }

  close(): void {
    this.executor.close();
  }
}
