import type { JsonObject } from '../../core/input/fields';
import type { PretrainedConfig } from '../../core/types/model';
import { decoderConfig } from './gguf_decoder';
import { FALCON } from './gguf_falcon';
import type { GgufFamily } from './gguf_family';
import { AS_A_FOLDER, type GgufFields } from './gguf_fields';
import { gemma2Config, gemma3Config, gemmaConfig } from './gguf_gemma';
import { GPT2 } from './gguf_gpt2';
import { DECODER_NAMES, GEMMA2_NAMES, PHI3_NAMES, partsOf, type TensorNames } from './gguf_names';
import { areHeads, interleaved, type TensorChange } from './tensor_change';

/** A model as a file describes it. */
export interface GgufModel {
  readonly config: PretrainedConfig;
  readonly names: TensorNames;
  /** What is to be undone of a tensor, by llama.cpp's name of it. */
  changeOf(name: string, rows: number): TensorChange | undefined;
}

const ofHeads = (heads: unknown, rows: number): TensorChange | undefined =>
  typeof heads === 'number' && areHeads(rows, 2 * heads) ? interleaved(heads) : undefined;

const interleavedHeads: GgufFamily['change'] = ({ module, rows }, config) => {
  if (module === 'attn_q') return ofHeads(config.num_attention_heads, rows);
  return module === 'attn_k' ? ofHeads(config.num_key_value_heads, rows) : undefined;
};

/** Gemma's norms multiply by what they hold and one, llama.cpp's by what they hold. */
const shiftedNorms: GgufFamily['change'] = ({ module, kind }) =>
  module.endsWith('norm') && kind === 'weight' ? { kind: 'plus one' } : undefined;

const decoder = (model_type: string, className: string, more: Partial<GgufFamily> = {}): GgufFamily => ({
  model_type,
  className,
  names: () => DECODER_NAMES,
  config: decoderConfig,
  ...more,
});

const LLAMA = decoder('llama', 'LlamaForCausalLM', { change: interleavedHeads });

/** The same file as a Llama's, but for its windows. */
const MISTRAL = decoder('mistral', 'MistralForCausalLM', {
  config: (fields) => ({ ...decoderConfig(fields), sliding_window: fields.number('attention.sliding_window') }),
  change: interleavedHeads,
});

const gemma = (version: '2' | '3', config: GgufFamily['config']): GgufFamily =>
  decoder(version === '3' ? 'gemma3_text' : 'gemma2', `Gemma${version}ForCausalLM`, {
    names: () => GEMMA2_NAMES,
    config,
    change: shiftedNorms,
  });

/** By llama.cpp's names. */
const FAMILIES: ReadonlyMap<string, GgufFamily> = new Map([
  ['llama', LLAMA],
  ['qwen2', decoder('qwen2', 'Qwen2ForCausalLM')],
  ['qwen3', decoder('qwen3', 'Qwen3ForCausalLM')],
  ['gemma', decoder('gemma', 'GemmaForCausalLM', { config: gemmaConfig, change: shiftedNorms })],
  ['gemma2', gemma('2', gemma2Config)],
  ['gemma3', gemma('3', gemma3Config)],
  ['phi3', decoder('phi3', 'Phi3ForCausalLM', { names: () => PHI3_NAMES, config: phi3Config })],
  ['falcon', FALCON],
  ['gpt2', GPT2],
]);

/** 0 stands for no window. */
function phi3Config(fields: GgufFields): JsonObject {
  return { ...decoderConfig(fields), sliding_window: fields.number('attention.sliding_window') || null };
}

/** Throws `unsupported_model` for what isn't built, `invalid_format` for fields that are none. */
export function modelOf(fields: GgufFields): GgufModel {
  const family = familyOf(fields);
  const { model_type, className } = family;
  const config = { model_type, architectures: [className], ...family.config(fields) };
  return {
    config,
    names: family.names(fields),
    changeOf(name, rows) {
      const parts = partsOf(name);
      return parts && family.change?.({ ...parts, rows }, config);
    },
  };
}

function familyOf(fields: GgufFields): GgufFamily {
  const { architecture, metadata } = fields;
  const family = FAMILIES.get(architecture);
  if (family === undefined) {
    const known = [...FAMILIES.keys()].join(', ');
    throw metadata.unsupported(
      `expected one of ${known}, got the architecture ${architecture || 'nothing'}`,
      AS_A_FOLDER,
    );
  }
  return family === LLAMA && (fields.number('attention.sliding_window') ?? 0) > 0 ? MISTRAL : family;
}
