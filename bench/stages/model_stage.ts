import { folderFiles } from '../../src/formats/models/model_files';
import { DeviceHost } from '../../src/gpu/device_host';
import { Executor } from '../../src/gpu/executor';
import { openSource } from '../../src/hub/open_source';
import type { LoadedModel } from '../../src/models/loaded_model';
import { loadModel } from '../../src/worker/models/loading/model_loader';

/** A base model on its own device. */
interface ModelStage {
  readonly host: DeviceHost;
  readonly executor: Executor;
  readonly loaded: LoadedModel;
}

export interface ModelStageOptions {
  /** The model's files: config.json and the weights. */
  readonly files: ReadonlyMap<string, Blob>;
  /** The data type of multiplications in matrix products; sums are always f32. Default: f32. */
  readonly arithmetic?: 'f32' | 'f16' | undefined;
  /** Aborts the loading of the model. */
  readonly signal?: AbortSignal | undefined;
}

/** Opens a device and loads a model. Throws `unsupported_device`, the errors of loading a model, and the reason of an aborted `signal`. */
export async function openModel(
  gpu: GPU | undefined,
  { files, signal, arithmetic }: ModelStageOptions,
): Promise<ModelStage> {
  const host = await DeviceHost.open(gpu, { arithmetic });
  try {
    const executor = new Executor(host);
    const onUpload = (): void => signal?.throwIfAborted();
    const loading = { dtype: 'auto', onUpload } as const;
    return { host, executor, loaded: await loadModel(folderFiles(openSource({ files })), executor, loading) };
  } catch (error) {
    host.close();
    throw error;
  }
}
