import { WebVeraError } from '../core/errors/error';
import { Fields, isJsonObject, type JsonObject } from '../core/input/fields';

/**
 * The largest supported sizes in a config.json: larger than any published model's, and small enough that computed sizes and offsets stay
 * exact.
 */
export const MAX = {
  width: 2 ** 20,
  heads: 2 ** 12,
  /** The size of an attention head. Rotary tables have up to this many numbers for each position. */
  head: 2 ** 12,
  layers: 2 ** 12,
  vocabulary: 2 ** 24,
  positions: 2 ** 30,
} as const;

/** The longest context in tokens. A longer context would need a larger cache and more rows of positions than a page should allocate. */
export const LONGEST = 8192;

/** The data type of a model's weight files. */
export type StoredDtype = 'float32' | 'float16' | 'bfloat16';

/** Parses the data type of the weight files; null if config.json has none. Transformers 4 called the field `torch_dtype`. */
export function parseDtype(fields: Fields): StoredDtype | null {
  const dtype = fields.optionalString('dtype') ?? fields.optionalString('torch_dtype') ?? null;
  if (dtype === null || dtype === 'float32' || dtype === 'float16' || dtype === 'bfloat16') return dtype;
  throw unsupported('dtype', dtype, ['float32', 'float16', 'bfloat16']);
}

export interface SpecialTokens {
  readonly bos_token_id: number | null;
  /** The tokens that end a text; empty if there are none. */
  readonly eos_token_ids: readonly number[];
  readonly pad_token_id: number | null;
}

/** Hugging Face's defaults of the special tokens. */
interface TokenDefaults {
  readonly bos: number | null;
  readonly eos: number | null;
  readonly pad: number | null;
  /** Whether the padding token is the embedding's `padding_idx`. Default: true. */
  readonly padded?: boolean;
}

/**
 * Parses the special tokens. `fallback` has Hugging Face's defaults. A token outside the vocabulary occurs in no text, so it is ignored:
 * the files of models with a small vocabulary often contain the end token of a larger one. An explicit padding token must be in the
 * vocabulary, as torch's embeddings require, unless the family's embedding has no padding (`padded: false`).
 */
export function parseTokens(fields: Fields, vocabSize: number, fallback: TokenDefaults): SpecialTokens {
  const known = (id: number | null): number | null => (id === null || id >= vocabSize ? null : id);
  const padEnd = fallback.padded === false ? Number.MAX_SAFE_INTEGER : vocabSize;
  const [bos_token_id = null] = fields.tokenIds('bos_token_id', vocabSize, [known(fallback.bos) ?? []].flat());
  return {
    bos_token_id,
    eos_token_ids: Object.freeze([...fields.tokenIds('eos_token_id', vocabSize, [known(fallback.eos) ?? []].flat())]),
    // In old files, −1 means that there is no padding token.
    pad_token_id:
      fields.get('pad_token_id') === -1 ? null : known(fields.tokenId('pad_token_id', padEnd, fallback.pad)),
  };
}

/**
 * Returns the fields of config.json under the family's names. `names` has these by the common names that transformers reads, too. If a file
 * has both, the common name takes precedence.
 */
export function fieldsByOwnNames(json: JsonObject, names: Readonly<Record<string, string>>): Fields {
  const common = new Fields(json, 'config.json');
  const given = Object.entries(names).flatMap(([name, own]) =>
    common.get(name) === undefined ? [] : [[own, json[name]]],
  );
  return new Fields({ ...json, ...Object.fromEntries(given) }, 'config.json');
}

/** Parses the width of hidden states and the number of heads. Throws `invalid_format` if the number of heads doesn't divide the width. */
export function parseWidthAndHeads(
  fields: Fields,
  width = 'hidden_size',
  heads = 'num_attention_heads',
): readonly [width: number, heads: number] {
  const sizes = [fields.positiveInteger(width, { max: MAX.width }), fields.positiveInteger(heads, { max: MAX.heads })];
  const [C = 0, H = 1] = sizes;
  if (C % H !== 0) throw fields.invalid(width, `a multiple of ${heads}, ${H}`);
  return [C, H];
}

/** Throws `unsupported_model` if `head_dim` isn't D, the hidden size divided by the number of heads. */
export function expectHeadDim(fields: Fields, D: number): void {
  const head_dim = fields.get('head_dim') ?? D;
  if (head_dim !== D) throw unsupported('head_dim', head_dim, [D]);
}

/**
 * Returns D, the hidden size divided by the number of heads. Throws `invalid_format` for a size that can't be rotated, and as
 * `expectHeadDim`.
 */
export function parseRotatedHead(fields: Fields, D: number): number {
  if (D % 2 !== 0 || D > MAX.head) {
    throw fields.invalid(
      'hidden_size',
      `heads of an even size of at most ${MAX.head}, as rotary embeddings need pairs`,
    );
  }
  expectHeadDim(fields, D);
  return D;
}

/** Throws like `expectModelType`. Also throws for a decoder whose tokens attend to later tokens, unless `mayLookAhead` is set. */
export function expectDecoder(fields: Fields, expected: string, mayLookAhead = false): void {
  expectModelType(fields, expected);
  // For transformers, null is false.
  if (fields.has('is_causal') && fields.get('is_causal') === undefined) throw unsupported('is_causal', null, [true]);
  oneOf(fields, 'is_causal', [true]);
  oneOf(fields, LOOK_AHEAD, mayLookAhead ? [false, true] : [false]);
}

/** The field of a decoder's config.json that lets tokens attend to later tokens. */
export const LOOK_AHEAD = 'use_bidirectional_attention';

/** Returns the name of transformers' class that config.json's `architectures` has first; '' if it has none. */
export function architectureName({ architectures }: JsonObject): string {
  const [name] = Array.isArray(architectures) ? architectures : [];
  return typeof name === 'string' ? name : '';
}

/** Throws `unsupported_model` for another `model_type`, and for quantised weights. */
export function expectModelType(fields: Fields, expected: string): void {
  const type = fields.string('model_type');
  if (type !== expected) throw unsupported('model_type', type, [expected]);
  const quantised = fields.get('quantization_config');
  if (quantised !== undefined) throw quantisedWeights(quantised);
}

function quantisedWeights(config: unknown): WebVeraError {
  const method =
    isJsonObject(config) && typeof config.quant_method === 'string' ? ` by ${config.quant_method.slice(0, 20)}` : '';
  const message = `config.json: quantization_config: expected weights as they were trained, got weights that were quantised${method}`;
  return new WebVeraError('unsupported_model', message, {
    hint: "Load the original weights of the model, which its page on the hub names, with dtype: 'q4' or 'q8'.",
    detail: { key: 'quantization_config' },
  });
}

/**
 * Parses a field that has a few supported values, the first of which is Hugging Face's default. Another value would change the model's
 * results, so it is rejected and never ignored. Throws `invalid_format` for another type, `unsupported_model` for another value.
 */
export function oneOf<const T extends string | boolean>(
  fields: Fields,
  key: string,
  supported: readonly [T, ...(readonly T[])],
): T {
  const [fallback] = supported;
  const value: string | boolean =
    typeof fallback === 'boolean' ? fields.boolean(key, fallback) : (fields.optionalString(key) ?? fallback);
  const found = supported.find((entry) => entry === value);
  if (found === undefined) throw unsupported(key, value, supported);
  return found;
}

export function unsupported(key: string, got: unknown, supported: readonly unknown[]): WebVeraError {
  const value = JSON.stringify(got).slice(0, 60);
  const known = supported.map((entry) => JSON.stringify(entry)).join(' or ');
  return new WebVeraError('unsupported_model', `config.json: ${key}: expected ${known}, got ${value}`, {
    hint: "This kind of model isn't supported yet.",
    detail: { key, supported },
  });
}
