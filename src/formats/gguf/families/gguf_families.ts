import type { PretrainedConfig } from '../../../core/types/model';
import type { GgufFields } from '../gguf_fields';
import type { TensorChange } from '../tensor_change';
import { LLAMA, MISTRAL, PHI3, QWEN2, QWEN3 } from './decoder_families';
import { FALCON } from './falcon_family';
import { GEMMA, GEMMA2, GEMMA3 } from './gemma_families';
import type { GgufFamily } from './gguf_family';
import { GPT2 } from './gpt2_family';
import { partsOf, type TensorNames } from './tensor_names';

/** A model as the fields of a GGUF file describe it. */
export interface GgufModel {
  readonly config: PretrainedConfig;
  readonly names: TensorNames;
  /** Returns the change that llama.cpp made to a tensor and that the reader must undo. `name` is llama.cpp's name of the tensor. */
  changeOf(name: string, rows: number): TensorChange | undefined;
}

/** All families. A file belongs to the first family that matches it. */
const FAMILIES: readonly GgufFamily[] = [MISTRAL, LLAMA, QWEN2, QWEN3, GEMMA, GEMMA2, GEMMA3, PHI3, FALCON, GPT2];

/**
 * Describes the model of a file. Throws `unsupported_model` for an unknown family or an unsupported setting, `invalid_format` for fields of
 * wrong types.
 */
export function modelOf(fields: GgufFields): GgufModel {
  expectWhole(fields);
  const family = familyOf(fields);
  const { architecture, model_type = architecture, className } = family;
  const isCausal = fields.flag('attention.causal', true);
  const config = {
    model_type,
    architectures: [className],
    ...(!isCausal && { is_causal: false }),
    ...family.config(fields),
  };
  return {
    config,
    names: family.names(fields),
    changeOf(name, rows) {
      const parts = partsOf(name);
      return parts && family.change?.({ ...parts, rows }, config);
    },
  };
}

/** Whether the file's vocabulary has Gemma's conventions, see `GgufFamily.hasGemmaVocabulary`. */
export function hasGemmaVocabulary(fields: GgufFields): boolean {
  return FAMILIES.some((family) => family.architecture === fields.architecture && family.hasGemmaVocabulary);
}

/** Throws `unsupported_model` for a part of a split file, which lacks tensors, and for a mixture of experts. */
function expectWhole(fields: GgufFields): void {
  const files = fields.number('split.count') ?? 1;
  if (files > 1) {
    throw fields.unsupported(
      `expected the whole model in one file, got one of ${files}`,
      `The model is split into ${files} files: join them by llama-gguf-split --merge, or take a quantisation in one file.`,
    );
  }
  const experts = fields.number('expert_count') ?? 0;
  if (experts > 0) {
    throw fields.unsupported(`expected no experts, got a mixture of ${experts}`, 'Take a model without experts.');
  }
}

function familyOf(fields: GgufFields): GgufFamily {
  const family = FAMILIES.find(
    ({ architecture, matches }) => architecture === fields.architecture && (matches?.(fields) ?? true),
  );
  if (family !== undefined) return family;
  const known = [...new Set(FAMILIES.map(({ architecture }) => architecture))].join(', ');
  throw fields.unsupported(`expected one of ${known}, got the architecture ${fields.architecture || 'nothing'}`);
}
