import type { JsonObject } from '../../core/input/fields';
import type { GgufFields } from './gguf_fields';
import type { TensorNames } from './gguf_names';
import type { TensorChange } from './tensor_change';

/** What is known of an architecture of llama.cpp. */
export interface GgufFamily {
  /** transformers' name, and its class. */
  readonly model_type: string;
  readonly className: string;
  names(fields: GgufFields): TensorNames;
  config(fields: GgufFields): JsonObject;
  /** Of a tensor with so many rows. */
  change?(tensor: ChangedTensor, config: JsonObject): TensorChange | undefined;
}

interface ChangedTensor {
  readonly module: string;
  readonly kind: string;
  readonly rows: number;
}
