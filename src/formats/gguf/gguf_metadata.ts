import { WebVeraError } from '../../core/errors/error';
import type { GgufHeader } from './gguf_header';
import type { GgufValue } from './gguf_reader';

/** The fields of a GGUF file by their expected types. A field of another type throws `invalid_format`. */
export class GgufMetadata {
  readonly file: string;
  readonly #fields: ReadonlyMap<string, GgufValue>;

  constructor(file: string, { metadata }: Pick<GgufHeader, 'metadata'>) {
    this.file = file;
    this.#fields = metadata;
  }

  has(key: string): boolean {
    return this.#fields.has(key);
  }

  number(key: string): number | undefined {
    const value = this.#fields.get(key);
    if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value;
    throw this.invalid(key, 'a number');
  }

  text(key: string): string | undefined {
    const value = this.#fields.get(key);
    if (value === undefined || typeof value === 'string') return value;
    throw this.invalid(key, 'a text');
  }

  flag(key: string, fallback = false): boolean {
    const value = this.#fields.get(key) ?? fallback;
    if (typeof value === 'boolean') return value;
    throw this.invalid(key, 'true or false');
  }

  texts(key: string): readonly string[] {
    const value = this.#fields.get(key) ?? [];
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    throw this.invalid(key, 'a list of texts');
  }

  numbers(key: string): readonly number[] {
    const value = this.#fields.get(key) ?? [];
    if (Array.isArray(value) && value.every((item) => typeof item === 'number')) return value;
    throw this.invalid(key, 'a list of numbers');
  }

  numberOrFlags(key: string): number | readonly boolean[] | undefined {
    const value = this.#fields.get(key);
    if (!Array.isArray(value)) return this.number(key);
    if (value.every((item) => typeof item === 'boolean')) return value;
    throw this.invalid(key, 'a number or a list of true and false');
  }

  unsupported(what: string, hint: string): WebVeraError {
    return new WebVeraError('unsupported_model', `${this.file}: ${what}`, { hint, detail: { file: this.file } });
  }

  exceeded(what: string): WebVeraError {
    return new WebVeraError('limit_exceeded', `${this.file}: ${what}`, {
      hint: "Give the model's tokenizer.json beside the file.",
      detail: { file: this.file },
    });
  }

  invalid(key: string, expected: string): WebVeraError {
    return new WebVeraError('invalid_format', `${this.file}: ${key}: expected ${expected}`, {
      hint: 'The file is damaged, or is no GGUF file of a language model.',
      detail: { file: this.file, field: key },
    });
  }
}
