import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { writeSafetensors } from '../../../src/formats/tensors/safetensors';
import { tinyConfig, tinyFiles, tinyTensors } from './tiny_llama';
import { proseFolder } from './tokenizers';

/** Creates a language model that trains quickly: the tiny Llama with random weights, and the tokenizer of the demo's bundled model. */
export function smallWriter(): Map<string, Blob> {
  const config = { ...tinyConfig, vocab_size: 2048, bos_token_id: 0, eos_token_id: 0, pad_token_id: 0 };
  const { files } = tinyFiles({ config, weights: writeSafetensors(tinyTensors(config)) });
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
    files.set(name, new Blob([readFileSync(resolve(proseFolder, name))]));
  }
  return files;
}
