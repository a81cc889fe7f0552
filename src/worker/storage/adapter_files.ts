import type { AdapterKind } from '../../adapters/adapter';
import type { AdapterConfig } from '../../adapters/config/adapter_config';
import type { AdapterTensors } from '../../adapters/files/adapter_tensors';
import { MODEL_FILE } from '../../adapters/files/file_values';
import { type AdapterBytes, writeAdapterConfig, writeAdapterModel } from '../../adapters/files/write_adapter';
import { WebVeraError } from '../../core/errors/error';
import { expectWithin, type FileSource, readFileIfPresent } from '../../core/input/file_source';
import type { AdapterFiles, SaveDtype } from '../../core/types/model';
import type { ParserLimits } from '../../core/types/source';
import { fileError } from '../../formats/file_error';
import { byteSize } from '../../formats/tensors/dtype';
import { type RawTensor, writeSafetensors } from '../../formats/tensors/safetensors';
import { TORCH_METADATA } from '../../formats/tensors/tensors';
import { torchCode } from '../../formats/torch/late_torch';
import { openSource } from '../../hub/open_source';
import type { WireAdapterFiles } from './storage_protocol';

const CONFIG_FILE = 'adapter_config.json';
/** The file with the tensors of adapters that PEFT saved before release 0.7, or without `safe_serialization`. */
const TORCH_FILE = 'adapter_model.bin';

/** Reads an adapter's two files. As in PEFT, adapter_model.bin is read if there is no adapter_model.safetensors. */
export async function readAdapterBytes(source: FileSource, limits: ParserLimits): Promise<AdapterBytes> {
  const config = await readConfigBytes(source, limits);
  const model = (await readFileIfPresent(source, MODEL_FILE, limits.adapter)) ?? (await readTorchBytes(source, limits));
  return { config, model: model ?? missing(source, MODEL_FILE) };
}

/** Reads an adapter's adapter_config.json, but not its weights. */
export async function readConfigBytes(source: FileSource, limits: ParserLimits): Promise<Uint8Array<ArrayBuffer>> {
  return (await readFileIfPresent(source, CONFIG_FILE, limits.json)) ?? missing(source, CONFIG_FILE);
}

/** Reads adapter_model.bin without executing its pickle code. Returns its tensors as the bytes of a safetensors file. */
async function readTorchBytes(source: FileSource, limits: ParserLimits): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const stream = await source.open(TORCH_FILE);
  if (stream === undefined) return undefined;
  try {
    const { TorchFile } = await torchCode();
    const file = await new TorchFile(stream, TORCH_FILE).open(limits);
    // Tensors may share a storage, so together they may be larger than the file.
    const all = file.headers.reduce((sum, { dtype, shape }) => sum + (byteSize(dtype, shape) ?? Number.MAX_VALUE), 0);
    expectWithin(TORCH_FILE, Math.max(file.bytes, all), limits.adapter);
    const tensors: [string, RawTensor][] = [];
    for await (const { name, take } of file.tensors(() => true)) tensors.push([name, await take()]);
    return rewritten(tensors);
  } finally {
    await stream.cancel();
  }
}

/** Writes tensors as the bytes of a safetensors file. Throws `invalid_format` if a tensor's name isn't allowed in such a file. */
function rewritten(tensors: Iterable<readonly [string, RawTensor]>): Uint8Array<ArrayBuffer> {
  try {
    return writeSafetensors(tensors, TORCH_METADATA);
  } catch (error) {
    if (!(error instanceof WebVeraError)) throw error;
    const hint = 'Save the adapter by save_pretrained with the current release of PEFT.';
    throw fileError('invalid_format', TORCH_FILE, error.message, hint);
  }
}

function missing(source: FileSource, file: string): never {
  throw new WebVeraError('not_found', `Expected ${file} in ${source.location}, but there is no such file`, {
    hint: 'An adapter is adapter_config.json and adapter_model.safetensors or adapter_model.bin; a whole model is loaded by an AutoModel class.',
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

export async function toBytes(files: WireAdapterFiles, limits: ParserLimits): Promise<AdapterBytes> {
  return readAdapterBytes(openSource({ files: new Map(Object.entries(files)) }), limits);
}
