import type { AdapterKind } from '../../adapters/adapter';
import type { AdapterConfig } from '../../adapters/config/adapter_config';
import type { AdapterTensors } from '../../adapters/files/adapter_tensors';
import { MODEL_FILE } from '../../adapters/files/file_values';
import { type AdapterBytes, writeAdapterConfig, writeAdapterModel } from '../../adapters/files/write_adapter';
import { type FileSource, readFile } from '../../core/input/file_source';
import type { AdapterFiles, SaveDtype } from '../../core/types/model';
import type { ParserLimits } from '../../core/types/source';
import { openSource } from '../../hub/open_source';

export const CONFIG_FILE = 'adapter_config.json';

export async function readAdapterBytes(source: FileSource, limits: ParserLimits): Promise<AdapterBytes> {
  return {
    config: await readFile(source, CONFIG_FILE, limits.json),
    model: await readFile(source, MODEL_FILE, limits.adapter),
  };
}

/** Returns the bytes of an adapter's two files. Frozen tensors are written only if the configuration says that the files contain them. */
export function writeAdapter(
  { Config, frozen }: AdapterKind,
  config: AdapterConfig,
  tensors: AdapterTensors,
  dtype?: SaveDtype,
): AdapterBytes {
  const areSaved = frozen?.areSaved(config) ?? false;
  return {
    config: writeAdapterConfig(config, Config.rules),
    model: writeAdapterModel(areSaved ? tensors : { ...tensors, frozen: new Map() }, dtype),
  };
}

export function toFiles({ config, model }: AdapterBytes): AdapterFiles {
  return {
    [CONFIG_FILE]: new Blob([config], { type: 'application/json' }),
    [MODEL_FILE]: new Blob([model], { type: 'application/octet-stream' }),
  };
}

export async function toBytes(files: AdapterFiles, limits: ParserLimits): Promise<AdapterBytes> {
  return readAdapterBytes(openSource({ files: new Map(Object.entries(files)) }), limits);
}
