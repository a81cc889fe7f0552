import { expectedTensors } from '../../src/adapters/files/expected_tensors';
import type { AdapterBytes } from '../../src/adapters/files/write_adapter';
import { VeraConfig } from '../../src/adapters/vera/config/vera_config';
import { veraKind } from '../../src/adapters/vera/kind';
import { uniforms } from '../../src/core/numbers/rng';
import type { DeviceHost } from '../../src/gpu/device_host';
import type { Executor } from '../../src/gpu/executor';
import { openStore } from '../../src/store/open_store';
import { AdapterLoader } from '../../src/worker/adapters/adapter_loader';
import type { ModelAdapters } from '../../src/worker/adapters/model_adapters';
import { BaseModel } from '../../src/worker/models/base_model';
import { ModelSources } from '../../src/worker/models/loading/model_sources';
import { writeAdapter } from '../../src/worker/storage/adapter_files';
import { SavedAdapters } from '../../src/worker/storage/saved_adapters';
import { type ModelStageOptions, openModel } from './model_stage';

export interface StageOptions extends ModelStageOptions {
  readonly r: number;
  readonly target_modules: readonly string[];
}

/** A model and its adapters on their own device, built from the same classes as a session. */
export interface AdapterStage {
  readonly host: DeviceHost;
  readonly executor: Executor;
  readonly base: BaseModel;
  readonly vera: ModelAdapters;
  /** Returns the two files of one person's adapter. The vectors are random; A and B aren't in the files. */
  adapterFiles(seed: number): AdapterBytes;
  load(name: string, files: AdapterBytes): Promise<void>;
  close(): void;
}

/** Opens a device, and loads the model and one adapter for each name. Throws `unsupported_device`, and the errors of loading a model. */
export async function openAdapterStage(
  gpu: GPU | undefined,
  { r, target_modules, ...options }: StageOptions,
  names: readonly string[],
): Promise<AdapterStage> {
  const { host, executor, loaded } = await openModel(gpu, options);
  try {
    const sessionHost = { emit: () => {} };
    const sources = new ModelSources(sessionHost, { store: 'memory' });
    const saved = new SavedAdapters(openStore({ kind: 'memory' }), () => {});
    const adapters = new AdapterLoader(sessionHost, sources, saved, () => {});
    const base = new BaseModel(executor, loaded);
    const vera = adapters.open(base);
    const config = new VeraConfig({ r, target_modules, save_projection: false, task_type: 'CAUSAL_LM' });
    const stage: AdapterStage = {
      ...{ host, executor, base, vera },
      adapterFiles: (seed) => randomAdapter(seed, stage, config),
      load: async (name, files) => void (await adapters.load(vera, name, files, {})),
      close: () => executor.close(),
    };
    for (const [seed, name] of names.entries()) await stage.load(name, stage.adapterFiles(seed));
    return stage;
  } catch (error) {
    host.close();
    throw error;
  }
}

function randomAdapter(seed: number, { base, vera }: AdapterStage, config: VeraConfig): AdapterBytes {
  const resolved = vera.resolve(`person ${seed}`, veraKind, config);
  const { parameters } = expectedTensors(veraKind, resolved, base.loaded.model);
  const vectors = [...parameters].map(([name, dims], at) => {
    const values = uniforms({ seed, stream: 'init', at }, dims[0] ?? 0);
    return [name, { dims, data: new Float32Array(values.map((value) => (value - 0.5) / 5)) }] as const;
  });
  return writeAdapter(veraKind, resolved.config, {
    parameters: new Map(vectors),
    frozen: new Map(),
    others: new Map(),
  });
}
