import type { Fields } from '../../core/input/fields';
import { MAX, unsupported } from '../config_fields';

/** Rotary positions, from `rope_parameters` (transformers 5) or `rope_theta` and `rope_scaling` (transformers 4). */
export type RopeConfig = DefaultRope | LinearRope | Llama3Rope | YarnRope | LongRope;

interface CommonRope {
  readonly theta: number;
  /** The share of a head's numbers that are rotated, beginning with the first. Default: 1. */
  readonly partial_rotary_factor?: number;
}

interface DefaultRope extends CommonRope {
  readonly type: 'default';
}

/** Positions are divided by `factor`. */
interface LinearRope extends CommonRope {
  readonly type: 'linear';
  readonly factor: number;
}

export interface Llama3Rope extends CommonRope {
  readonly type: 'llama3';
  readonly factor: number;
  readonly low_freq_factor: number;
  readonly high_freq_factor: number;
  /** The context length in tokens on which the model was trained before its context was extended. */
  readonly original_max_position_embeddings: number;
}

export interface YarnRope extends CommonRope {
  readonly type: 'yarn';
  readonly factor: number;
  /**
   * The frequencies of pairs with more than `beta_fast` turns in the original context are unchanged; those of pairs with fewer than
   * `beta_slow` turns are divided by `factor`.
   */
  readonly beta_fast: number;
  readonly beta_slow: number;
  readonly original_max_position_embeddings: number;
  /** The factor by which cosines and sines are multiplied. */
  readonly attention_factor: number;
  /** Whether the bounds of the range of interpolated pairs are rounded to integers, outwards. */
  readonly truncate: boolean;
}

export interface LongRope extends CommonRope {
  readonly type: 'longrope';
  /** The numbers by which the frequencies of pairs are divided, in texts of up to `original_max_position_embeddings` tokens. */
  readonly short_factor: readonly number[];
  /** As `short_factor`, for longer texts. */
  readonly long_factor: readonly number[];
  readonly original_max_position_embeddings: number;
  /** The factor by which cosines and sines are multiplied. */
  readonly attention_factor: number;
}

type RopeType = RopeConfig['type'];

/** The types of rotary positions that a family supports, and their defaults. */
export interface RopeRules {
  /** The theta for a file that has none. Default: 10000. */
  readonly theta?: number;
  /** The name of theta in config.json itself. Default: 'rope_theta'. */
  readonly thetaKey?: string;
  /** The supported types, by their names in files. Default: all types, under their usual names. */
  readonly types?: Readonly<Record<string, RopeType>>;
  /**
   * Set for families that may rotate only a part of each head: the name of the rotated share's field in config.json itself, and the share
   * for a file that has none. In other families, transformers ignores `partial_rotary_factor` for the type "default".
   */
  readonly partial?: { readonly key: string; readonly share: number };
  /** The default of `original_max_position_embeddings` in config.json itself. Set for families that have this field there. */
  readonly original_max_position_embeddings?: number;
}

/** The sizes of a model on which its rotary tables depend. */
interface RopeSizes {
  readonly head_dim: number;
  readonly max_position_embeddings: number;
}

/** A field, in config.json itself or in the object that describes rotary positions. */
interface RopeField {
  readonly of: Fields;
  readonly key: string;
}

interface RopeSource {
  readonly fields: Fields;
  /** The object that describes rotary positions. */
  readonly rope: Fields;
  readonly theta: number;
  readonly thetaField: RopeField;
  readonly sizes: RopeSizes;
  readonly rules: RopeRules;
  /** The number of rotated numbers in a head. */
  readonly R: number;
}

/** The bounds of factors. No published model exceeds them, and within them all cosines are finite. */
const [LEAST, MOST] = [1e-12, 1e12];

/** The name of the field for the share of a head that is rotated, in the rotary object. */
const SHARE = 'partial_rotary_factor';

const TYPES: NonNullable<RopeRules['types']> = {
  default: 'default',
  linear: 'linear',
  llama3: 'llama3',
  yarn: 'yarn',
  longrope: 'longrope',
  // Dynamic scaling begins beyond max_position_embeddings, and texts are never longer.
  dynamic: 'default',
};

const READERS: { readonly [T in RopeType]: (given: RopeSource) => Extract<RopeConfig, { readonly type: T }> } = {
  default: ({ theta }) => ({ type: 'default', theta }),
  linear: ({ theta, rope }) => ({ type: 'linear', theta, factor: parseFactor(rope, 'factor') }),
  llama3: readLlama3,
  yarn: readYarn,
  longrope: readLongRope,
};

/**
 * Finds the object that describes rotary positions. In a file with the fields of both versions of transformers, the fields of version 4
 * take precedence, as in transformers 5.
 */
export function ropeFields(fields: Fields): Fields | undefined {
  return fields.object('rope_scaling') ?? fields.object('rope_parameters');
}

/**
 * Parses the rotary positions that `rope` describes. If `rope` has no theta, that of `fields` is used, else the default. Throws
 * `invalid_format` for invalid values, and `unsupported_model` for types that aren't supported or that transformers rejects for the family.
 */
export function parseRope(
  fields: Fields,
  rope: Fields | undefined,
  sizes: RopeSizes,
  rules: RopeRules = {},
): RopeConfig {
  const { theta: fallback = 10000, thetaKey = 'rope_theta', types = TYPES, partial: own } = rules;
  const thetaField: RopeField = rope?.has('rope_theta')
    ? { of: rope, key: 'rope_theta' }
    : { of: fields, key: thetaKey };
  const theta = parseFactor(thetaField.of, thetaField.key, fallback);
  const name = rope?.optionalString('rope_type') ?? rope?.optionalString('type') ?? 'default';
  const type = Object.hasOwn(types, name) ? types[name] : undefined;
  if (type === undefined) throw unsupported('rope_type', name, Object.keys(types));
  if (rope !== undefined && name === 'dynamic') parseFactor(rope, 'factor');
  const share = own ? parseShare(fields, rope, sizes, own) : wholeHead(fields, rope, type);
  const partial = share === 1 ? {} : { partial_rotary_factor: share };
  const R = rotaryDim(partial, sizes.head_dim);
  const config = READERS[type]({ fields, rope: rope ?? fields, theta, thetaField, sizes, rules, R });
  return Object.freeze({ ...config, ...partial });
}

/** Returns the number of rotated numbers in a head. */
export function rotaryDim({ partial_rotary_factor = 1 }: Partial<CommonRope>, headDim: number): number {
  return Math.trunc(headDim * partial_rotary_factor);
}

function parseShare(
  fields: Fields,
  rope: Fields | undefined,
  { head_dim }: RopeSizes,
  own: NonNullable<RopeRules['partial']>,
): number {
  const { of, key }: RopeField =
    rope?.get(SHARE) === undefined ? { of: fields, key: own.key } : { of: rope, key: SHARE };
  const share = of.positiveNumber(key, { fallback: own.share, max: 1 });
  const R = rotaryDim({ partial_rotary_factor: share }, head_dim);
  if (R >= 2 && R % 2 === 0) return share;
  throw of.invalid(key, `a share of a head's ${head_dim} numbers that is even, as rotary embeddings need pairs`);
}

/**
 * Returns 1, the share of a head that is rotated in families that always rotate whole heads. As in transformers, the type "default" ignores
 * another share in the file. For other types, transformers fails if the share isn't 1, so this function throws `unsupported_model`.
 */
function wholeHead(fields: Fields, rope: Fields | undefined, type: RopeType): 1 {
  const share = rope?.get(SHARE) ?? fields.get(SHARE) ?? 1;
  if (type !== 'default' && share !== 1) throw unsupported(SHARE, share, [1]);
  return 1;
}

/**
 * Returns the original context length in tokens. As in transformers, the field of config.json itself takes precedence over that of its
 * rotary object.
 */
function originalPositions({ fields, rope, sizes, rules }: RopeSource): number {
  const key = 'original_max_position_embeddings';
  const usual = rules.original_max_position_embeddings;
  const of = usual === undefined && fields.get(key) === undefined ? rope : fields;
  return of.positiveInteger(key, { fallback: usual ?? sizes.max_position_embeddings, max: MAX.positions });
}

function readLlama3(given: RopeSource): Llama3Rope {
  const { rope, theta } = given;
  const low_freq_factor = parseFactor(rope, 'low_freq_factor');
  const high_freq_factor = parseFactor(rope, 'high_freq_factor');
  if (high_freq_factor <= low_freq_factor) {
    throw rope.invalid('high_freq_factor', `a number above low_freq_factor, ${low_freq_factor}`);
  }
  return {
    type: 'llama3',
    theta,
    factor: parseFactor(rope, 'factor'),
    low_freq_factor,
    high_freq_factor,
    original_max_position_embeddings: originalPositions(given),
  };
}

function readYarn(given: RopeSource): YarnRope {
  const { rope, theta, thetaField, sizes } = given;
  if (theta <= 1) throw thetaField.of.invalid(thetaField.key, 'a number above 1');
  const original = originalPositions(given);
  const isUntold = rope.has('factor') && rope.get('factor') === undefined;
  const factor = isUntold ? sizes.max_position_embeddings / original : parseFactor(rope, 'factor');
  // transformers treats 0 as a missing value.
  const orUsual = (key: string, usual: number): number =>
    rope.get(key) === undefined || rope.get(key) === 0 ? usual : parseFactor(rope, key);
  const [mscale, ofAll] = [orUsual('mscale', 0), orUsual('mscale_all_dim', 0)];
  const attention_factor =
    mscale > 0 && ofAll > 0 ? yarnScale(factor, mscale) / yarnScale(factor, ofAll) : yarnScale(factor, 1);
  return {
    type: 'yarn',
    theta,
    factor,
    beta_fast: orUsual('beta_fast', 32),
    beta_slow: orUsual('beta_slow', 1),
    original_max_position_embeddings: original,
    attention_factor: parseFactor(rope, 'attention_factor', attention_factor),
    truncate: rope.boolean('truncate', true),
  };
}

function yarnScale(factor: number, mscale: number): number {
  return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
}

function readLongRope(given: RopeSource): LongRope {
  const { rope, theta, sizes, R } = given;
  const original = originalPositions(given);
  const factor = parseFactor(rope, 'factor', sizes.max_position_embeddings / original);
  const usual = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
  return {
    type: 'longrope',
    theta,
    short_factor: parseFactors(rope, 'short_factor', R / 2),
    long_factor: parseFactors(rope, 'long_factor', R / 2),
    original_max_position_embeddings: original,
    attention_factor: parseFactor(rope, 'attention_factor', usual),
  };
}

function parseFactors(rope: Fields, key: string, pairs: number): readonly number[] {
  const list = rope.get(key);
  if (Array.isArray(list) && list.length === pairs && list.every(isFactor)) return Object.freeze([...list]);
  throw rope.invalid(
    key,
    `a list of ${pairs} numbers from ${LEAST} to ${MOST}, one for each pair of a head's numbers that turn`,
  );
}

function parseFactor(fields: Fields, key: string, fallback?: number): number {
  const value = fields.get(key) ?? fallback;
  if (isFactor(value)) return value;
  throw fields.invalid(key, `a number from ${LEAST} to ${MOST}`);
}

function isFactor(value: unknown): value is number {
  return typeof value === 'number' && value >= LEAST && value <= MOST;
}
