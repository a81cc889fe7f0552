import type { JsonObject } from '../../core/input/fields';
import type { GgufHeader } from './gguf_header';
import { GgufMetadata } from './gguf_metadata';

export const AS_A_FOLDER = 'Load the model from its folder of safetensors.';

/** The fields of a file that describe its model. They are untrusted: a value of a wrong type throws `invalid_format`. */
export class GgufFields {
  /** llama.cpp's name of the family. */
  readonly architecture: string;
  readonly metadata: GgufMetadata;
  /** The number by which each rotary frequency is divided. Undefined if the file has no such tensor. */
  readonly ropeFactors: Float32Array | undefined;
  readonly #shapes: ReadonlyMap<string, readonly number[]>;

  constructor(file: string, header: Pick<GgufHeader, 'metadata' | 'tensors'>, ropeFactors?: Float32Array) {
    this.metadata = new GgufMetadata(file, header);
    this.architecture = this.metadata.text('general.architecture') ?? '';
    this.ropeFactors = ropeFactors;
    this.#shapes = new Map(header.tensors.map(({ name, shape }) => [name, shape]));
  }

  has(tensor: string): boolean {
    return this.#shapes.has(tensor);
  }

  /** A field of the architecture. */
  number(key: string): number | undefined {
    return this.metadata.number(this.#key(key));
  }

  /** A float32 as config.json writes it: the shortest number that rounds to it, such as 1e-5 instead of 0.000009999999747. */
  float(key: string): number | undefined {
    const value = this.number(key);
    return value === undefined ? undefined : shortest(value);
  }

  text(key: string): string | undefined {
    return this.metadata.text(this.#key(key));
  }

  /** A number, or a list of flags. */
  numberOrFlags(key: string): number | readonly boolean[] | undefined {
    return this.metadata.numberOrFlags(this.#key(key));
  }

  /** The fields of config.json that all families have. */
  tokens(): JsonObject {
    const { metadata } = this;
    const id = (name: string): number | null => metadata.number(`tokenizer.ggml.${name}_token_id`) ?? null;
    return {
      vocab_size: this.#shapes.get('token_embd.weight')?.[0] ?? metadata.texts('tokenizer.ggml.tokens').length,
      tie_word_embeddings: !this.has('output.weight'),
      bos_token_id: id('bos'),
      eos_token_id: id('eos'),
      pad_token_id: id('padding'),
    };
  }

  #key(key: string): string {
    return `${this.architecture}.${key}`;
  }
}

/** The shortest number that rounds to the same float32. */
export function shortest(value: number): number {
  for (let digits = 1; digits <= 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === Math.fround(value)) return candidate;
  }
  return value;
}
