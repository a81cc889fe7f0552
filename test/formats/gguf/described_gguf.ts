import type { JsonObject } from '../../../src/core/input/fields';
import type { ParserLimits } from '../../../src/core/types/source';
import { GgufFiles } from '../../../src/formats/gguf/gguf_files';
import { parseFalconConfig } from '../../../src/models/decoders/falcon_config';
import { parseGemmaConfig } from '../../../src/models/decoders/gemma';
import { parseGemma2Config } from '../../../src/models/decoders/gemma2';
import { parseGemma3Config } from '../../../src/models/decoders/gemma3';
import { parseGpt2Config } from '../../../src/models/decoders/gpt2';
import { parseLlamaConfig } from '../../../src/models/decoders/llama';
import { parseMistralConfig } from '../../../src/models/decoders/mistral';
import { parsePhi3Config } from '../../../src/models/decoders/phi3';
import { parseQwen2Config } from '../../../src/models/decoders/qwen2';
import { parseQwen3Config } from '../../../src/models/decoders/qwen3';
import { type GgufSpec, ggufBytes } from '../../helpers/bytes/gguf_bytes';
import { MemorySource } from '../../helpers/session/memory_source';

/** Opens a GGUF file whose bytes come in pieces of `chunkBytes`. */
export const openGguf = (file: Uint8Array, limits?: ParserLimits, chunkBytes = 1000) =>
  new GgufFiles(new MemorySource({ 'model.gguf': file }, { chunkBytes }), 'model.gguf', limits);

/** Reads the configuration of a GGUF file. */
export const configOf = (file: Uint8Array, chunkBytes = 1000) => openGguf(file, undefined, chunkBytes).config();

/** The parsers of the families that GGUF files can have, by `model_type`. */
export const PARSERS: Readonly<Record<string, (json: JsonObject) => object>> = {
  llama: parseLlamaConfig,
  mistral: parseMistralConfig,
  qwen2: parseQwen2Config,
  qwen3: parseQwen3Config,
  gemma: parseGemmaConfig,
  gemma2: parseGemma2Config,
  gemma3_text: parseGemma3Config,
  phi3: parsePhi3Config,
  falcon: parseFalconConfig,
  gpt2: parseGpt2Config,
};

/** Makes a file with an architecture's fields, and only the given tensors. */
export function described(
  architecture: string,
  fields: NonNullable<GgufSpec['fields']>,
  more: GgufSpec = {},
): Uint8Array {
  const sizes = {
    block_count: 2,
    embedding_length: 32,
    feed_forward_length: 56,
    context_length: 40,
    'attention.head_count': 4,
    'attention.layer_norm_rms_epsilon': 1e-6,
    vocab_size: 96,
  };
  const named = Object.entries({ ...sizes, ...fields }).map(([key, value]) => [`${architecture}.${key}`, value]);
  return ggufBytes({
    ...more,
    fields: { 'general.architecture': architecture, ...Object.fromEntries(named), ...more.fields },
    tensors: [{ name: 'token_embd.weight', shape: [96, 32] }, ...(more.tensors ?? [])],
  });
}

/** Parses the configuration that a file of an architecture with these fields has. */
export const parsed = async (architecture: string, fields: NonNullable<GgufSpec['fields']>): Promise<object> => {
  const config = await configOf(described(architecture, fields));
  return PARSERS[config.model_type]?.(config) ?? {};
};
