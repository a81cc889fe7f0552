import type { JsonObject } from '../../../core/input/fields';
import type { GgufFields } from '../gguf_fields';
import type { TensorChange } from '../tensor_change';
import type { TensorNames } from './tensor_names';

/** One family of models, as llama.cpp converts it. */
export interface GgufFamily {
  /** llama.cpp's name. */
  readonly architecture: string;
  /** Whether a file of this architecture is of this family. Default: every file is. */
  matches?(fields: GgufFields): boolean;
  /** transformers' name, and its class. Default: llama.cpp's name. */
  readonly model_type?: string;
  readonly className: string;
  names(fields: GgufFields): TensorNames;
  /** The family's fields of config.json. */
  config(fields: GgufFields): JsonObject;
  /** The change that llama.cpp made to a tensor, undefined for none. `config` is the whole config.json. */
  change?(tensor: ChangedTensor, config: JsonObject): TensorChange | undefined;
  /** Whether the order of merges is that of the tokens, and llama.cpp spells runs of ▁ as spaces. Default: false. */
  readonly hasGemmaVocabulary?: boolean;
}

interface ChangedTensor {
  /** llama.cpp's name of the module: 'attn_q'. */
  readonly module: string;
  readonly kind: string;
  readonly rows: number;
}
