import type { WebVeraError } from '../../core/errors/error';
import { fileError } from '../file_error';
import type { GgufHeader } from './gguf_header';
import type { GgufValue } from './gguf_reader';

/** Hints for models and tokenizers that can't be read from a GGUF file. */
const AS_A_FOLDER = 'Load the model from its folder of safetensors.';
export const WITH_TOKENIZER = "Give the model's tokenizer.json beside the file.";

/**
 * Reads the metadata fields of a GGUF file. They are untrusted: a value of another type than expected throws `invalid_format`. A key that
 * begins with none of `general`, `split` and `tokenizer` is read with the architecture's name before it: `block_count` as
 * `llama.block_count`.
 */
export class GgufFields {
  readonly file: string;
  /** llama.cpp's name of the family. */
  readonly architecture: string;
  /** The divisor of each rotary frequency. Undefined if the file has no tensor of such factors. */
  readonly ropeFactors: Float32Array | undefined;
  readonly #fields: ReadonlyMap<string, GgufValue>;
  readonly #shapes: ReadonlyMap<string, readonly number[]>;

  constructor(file: string, { metadata, tensors }: GgufHeader, ropeFactors?: Float32Array) {
    this.file = file;
    this.#fields = metadata;
    this.#shapes = new Map(tensors.map(({ name, shape }) => [name, shape]));
    this.architecture = this.text('general.architecture') ?? '';
    this.ropeFactors = ropeFactors;
  }

  has(tensor: string): boolean {
    return this.#shapes.has(tensor);
  }

  number(key: string): number | undefined {
    return this.#read(key, 'a number', (value) => typeof value === 'number' && Number.isFinite(value));
  }

  /** Reads a float32 as the shortest decimal number that rounds to it, as in config.json: 1e-5 instead of 0.000009999999747. */
  float(key: string): number | undefined {
    const value = this.number(key);
    return value === undefined ? undefined : shortest(value);
  }

  text(key: string): string | undefined {
    return this.#read(key, 'a text', (value) => typeof value === 'string');
  }

  flag(key: string, fallback: boolean): boolean {
    return this.#read<boolean>(key, 'true or false', (value) => typeof value === 'boolean') ?? fallback;
  }

  /** Reads a list of strings; empty if the field is missing. */
  texts(key: string): readonly string[] {
    return this.#read<readonly string[]>(key, 'a list of texts', (value) => isListOf(value, 'string')) ?? [];
  }

  /** Reads a list of numbers; empty if the field is missing. */
  numbers(key: string): readonly number[] {
    return this.#read<readonly number[]>(key, 'a list of numbers', (value) => isListOf(value, 'number')) ?? [];
  }

  numberOrFlags(key: string): number | readonly boolean[] | undefined {
    const expected = 'a number or a list of true and false';
    return this.#read(key, expected, (value) => Number.isFinite(value) || isListOf(value, 'boolean'));
  }

  /** The number of tokens for which the model has embeddings. */
  vocabSize(): number {
    return this.#shapes.get('token_embd.weight')?.[0] ?? this.texts('tokenizer.ggml.tokens').length;
  }

  unsupported(what: string, hint = AS_A_FOLDER): WebVeraError {
    return fileError('unsupported_model', this.file, what, hint);
  }

  invalid(key: string, expected: string): WebVeraError {
    const hint = 'The file is damaged, or is no GGUF file of a language model.';
    return fileError('invalid_format', this.file, `${key}: expected ${expected}`, hint, { field: key });
  }

  #read<T extends GgufValue>(key: string, expected: string, fits: (value: GgufValue) => boolean): T | undefined {
    const name = /^(?:general|split|tokenizer)\./.test(key) ? key : `${this.architecture}.${key}`;
    const value = this.#fields.get(name);
    if (value === undefined || fits(value)) return value as T | undefined;
    throw this.invalid(name, expected);
  }
}

function isListOf(value: GgufValue, type: 'string' | 'number' | 'boolean'): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === type);
}

/** Returns the shortest decimal number that rounds to the same float32. */
export function shortest(value: number): number {
  for (let digits = 1; digits <= 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === Math.fround(value)) return candidate;
  }
  return value;
}
