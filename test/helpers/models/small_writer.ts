import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { writeSafetensors } from '../../../src/formats/tensors/safetensors';
import { tinyConfig, tinyFiles, tinyTensors } from './tiny_llama';
import { proseFolder } from './tokenizers';

/** A model of texts that trains quickly: the bundled model's tokenizer over the tiny Llama's two layers, with random weights. */
export function smallWriter(): Map<string, Blob> {
  const config = { ...tinyConfig, vocab_size: 2048, bos_token_id: 0, eos_token_id: 0, pad_token_id: 0 };
  const { files } = tinyFiles({ config, weights: writeSafetensors(tinyTensors(config)) });
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
    files.set(name, new Blob([readFileSync(resolve(proseFolder, name))]));
  }
  return files;
}
