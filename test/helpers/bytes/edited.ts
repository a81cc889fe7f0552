import { type RawTensor, readSafetensors, writeSafetensors } from '../../../src/formats/tensors/safetensors';
import type { AdapterFiles } from '../../../src/index';
import { bytesOf } from '../session/session';

export interface Edits {
  /** Changes the fields of adapter_config.json in place. */
  config?(json: Record<string, unknown>): void;
  /** Changes the tensors in place. */
  tensors?(tensors: Map<string, RawTensor>): void;
}

/** Returns an adapter's two files with the given changes. */
export async function edited(files: AdapterFiles, { config, tensors }: Edits): Promise<AdapterFiles> {
  const json = JSON.parse(await files['adapter_config.json'].text());
  config?.(json);
  const all = new Map(readSafetensors(await bytesOf(files['adapter_model.safetensors'])).tensors);
  tensors?.(all);
  return {
    'adapter_config.json': new Blob([JSON.stringify(json)]),
    'adapter_model.safetensors': new Blob([writeSafetensors(all)]),
  };
}
