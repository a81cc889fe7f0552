import type { JsonObject } from '../../../core/input/fields';
import type { GgufFields } from '../gguf_fields';
import type { TensorChange } from '../tensor_change';
import type { TensorNames } from './tensor_names';

/** One family of models, as llama.cpp converts it. */
export interface GgufFamily {
  /** llama.cpp's name of the family. */
  readonly architecture: string;
  /** Whether a file of this architecture belongs to this family. Default: every file does. */
  matches?(fields: GgufFields): boolean;
  /** The `model_type` in transformers. Default: llama.cpp's name. `className` is the class in transformers. */
  readonly model_type?: string;
  readonly className: string;
  names(fields: GgufFields): TensorNames;
  /** Returns the family's fields of config.json. */
  config(fields: GgufFields): JsonObject;
  /** Returns the change that llama.cpp made to a tensor, or undefined if it made none. `config` is the complete config.json. */
  change?(tensor: ChangedTensor, config: JsonObject): TensorChange | undefined;
  /**
   * Whether the vocabulary follows Gemma's conventions: the order of the tokens ranks the merges, and llama.cpp writes tokens such as ▁▁▁
   * as spaces. Default: false.
   */
  readonly hasGemmaVocabulary?: boolean;
}

interface ChangedTensor {
  /** llama.cpp's name of the module, such as 'attn_q'. */
  readonly module: string;
  readonly kind: string;
  readonly rows: number;
}
