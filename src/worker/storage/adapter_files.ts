import type { VeraConfig } from '../../adapters/vera/config';
import { type FileSource, readFile } from '../../core/input/file_source';
import type { AdapterFiles } from '../../core/types/model';
import type { ParserLimits } from '../../core/types/source';
import { type AdapterTensors, writeAdapterConfig, writeAdapterModel } from '../../formats/peft/peft';
import { MODEL_FILE } from '../../formats/peft/peft_values';
import { openSource } from '../../hub/open_source';

export const CONFIG_FILE = 'adapter_config.json';

/** PEFT's two files as bytes. */
export interface AdapterBytes {
  readonly config: Uint8Array<ArrayBuffer>;
  readonly model: Uint8Array<ArrayBuffer>;
}

export async function readAdapterBytes(source: FileSource, limits: ParserLimits): Promise<AdapterBytes> {
  return {
    config: await readFile(source, CONFIG_FILE, limits.json),
    model: await readFile(source, MODEL_FILE, limits.adapter),
  };
}

export function writeAdapter(config: VeraConfig, tensors: AdapterTensors): AdapterBytes {
  return { config: writeAdapterConfig(config), model: writeAdapterModel(tensors) };
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
