import type { AdapterKind } from '../../adapters/adapter';
import type { AdapterConfig } from '../../adapters/config/adapter_config';
import type { AdapterTensors } from '../../adapters/files/adapter_tensors';
import { MODEL_FILE } from '../../adapters/files/file_values';
import { type AdapterBytes, writeAdapterConfig, writeAdapterModel } from '../../adapters/files/write_adapter';
import { WebVeraError } from '../../core/errors/error';
import { type FileSource, readFileIfPresent } from '../../core/input/file_source';
import type { AdapterFiles, SaveDtype } from '../../core/types/model';
import type { ParserLimits } from '../../core/types/source';
import { openSource } from '../../hub/open_source';

const CONFIG_FILE = 'adapter_config.json';

export async function readAdapterBytes(source: FileSource, limits: ParserLimits): Promise<AdapterBytes> {
  return {
    config: await readConfigBytes(source, limits),
    model: await readPart(source, MODEL_FILE, limits.adapter),
  };
}

/** Reads an adapter's configuration alone. */
export function readConfigBytes(source: FileSource, limits: ParserLimits): Promise<Uint8Array<ArrayBuffer>> {
  return readPart(source, CONFIG_FILE, limits.json);
}

async function readPart(source: FileSource, file: string, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readFileIfPresent(source, file, limit);
  if (bytes !== undefined) return bytes;
  throw new WebVeraError('not_found', `Expected ${file} in ${source.location}, but there is no such file`, {
    hint: 'An adapter is adapter_config.json and adapter_model.safetensors: one with adapter_model.bin must be saved again by PEFT, and a whole model is loaded by an AutoModel class.',
    detail: { files: [file], location: source.location },
  });
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
