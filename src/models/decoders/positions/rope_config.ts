import type { Fields } from '../../../core/input/fields';
import { MAX, unsupported } from '../../config_fields';

/** Rotary position embeddings: `rope_parameters` of transformers 5, `rope_theta` and `rope_scaling` of 4. */
export type RopeConfig = DefaultRope | LinearRope | Llama3Rope | YarnRope | LongRope;

interface Rope {
  readonly theta: number;
  /** The share of a head's numbers that turns, from the first on. Unless given, all. */
  readonly partial_rotary_factor?: number;
}

interface DefaultRope extends Rope {
  readonly type: 'default';
}

/** Positions divided by `factor`. */
interface LinearRope extends Rope {
  readonly type: 'linear';
  readonly factor: number;
}

export interface Llama3Rope extends Rope {
  readonly type: 'llama3';
  readonly factor: number;
  readonly low_freq_factor: number;
  readonly high_freq_factor: number;
  /** Positions that the model was trained on before its context was widened. */
  readonly original_max_position_embeddings: number;
}

export interface YarnRope extends Rope {
  readonly type: 'yarn';
  readonly factor: number;
  /** Waves that turn more often than `beta_fast` in the original context are kept, and below `beta_slow` stretched by `factor`. */
  readonly beta_fast: number;
  readonly beta_slow: number;
  readonly original_max_position_embeddings: number;
  /** Cosines and sines are multiplied by it. */
  readonly attention_factor: number;
  /** Whether the bounds between kept and stretched waves are rounded to whole pairs. */
  readonly truncate: boolean;
}

export interface LongRope extends Rope {
  readonly type: 'longrope';
  /** By which each pair's wave is stretched: in texts up to `original_max_position_embeddings` tokens, and in longer ones. */
  readonly short_factor: readonly number[];
  readonly long_factor: readonly number[];
  readonly original_max_position_embeddings: number;
  /** Cosines and sines are multiplied by it. */
  readonly attention_factor: number;
}

type RopeType = RopeConfig['type'];

/** What a family of models takes. */
export interface RopeRules {
  /** Where the file has no theta. Default: 10000. */
  readonly theta?: number;
  /** The names that a file may give, and what they stand for. Default: all, under their own names. */
  readonly types?: Readonly<Record<string, RopeType>>;
  /** Whether transformers turns part of a head. It passes over `partial_rotary_factor` in other families of type "default". */
  readonly partial?: boolean;
  /** Where the family's config.json has a field of this name, its default. */
  readonly original_max_position_embeddings?: number;
}

/** Sizes of the model that the numbers depend on. */
interface RopeSizes {
  readonly head_dim: number;
  readonly max_position_embeddings: number;
}

interface Given {
  readonly fields: Fields;
  /** The object that describes rotary embeddings. */
  readonly rope: Fields;
  readonly theta: number;
  /** Where theta is given. */
  readonly thetaFields: Fields;
  readonly sizes: RopeSizes;
  readonly rules: RopeRules;
  /** Numbers of a head that turn. */
  readonly R: number;
}

/** Beyond those of any published model, and near enough for all cosines to be numbers. */
const [LEAST, MOST] = [1e-12, 1e12];

const TYPES: NonNullable<RopeRules['types']> = {
  default: 'default',
  linear: 'linear',
  llama3: 'llama3',
  yarn: 'yarn',
  longrope: 'longrope',
};

const READERS: { readonly [T in RopeType]: (given: Given) => Extract<RopeConfig, { readonly type: T }> } = {
  default: ({ theta }) => ({ type: 'default', theta }),
  linear: ({ theta, rope }) => ({ type: 'linear', theta, factor: parseFactor(rope, 'factor') }),
  llama3: readLlama3,
  yarn: readYarn,
  longrope: readLongRope,
};

/** Where rotary embeddings are described: transformers 5 has one field for it, and takes that of 4 first where both are there. */
export function ropeFields(fields: Fields): Fields | undefined {
  return fields.object('rope_scaling') ?? fields.object('rope_parameters');
}

/**
 * Rotary embeddings as `rope` describes them. What it doesn't say of theta, `fields` or the default does. Throws `invalid_format` for
 * what no model has, `unsupported_model` for types that aren't built, or that transformers refuses for the family.
 */
export function parseRope(
  fields: Fields,
  rope: Fields | undefined,
  sizes: RopeSizes,
  rules: RopeRules = {},
): RopeConfig {
  const { theta: fallback = 10000, types = TYPES } = rules;
  const thetaFields = rope?.has('rope_theta') ? rope : fields;
  const theta = parseFactor(thetaFields, 'rope_theta', fallback);
  const name = rope?.optionalString('rope_type') ?? rope?.optionalString('type') ?? 'default';
  const type = Object.hasOwn(types, name) ? types[name] : undefined;
  if (type === undefined) throw unsupported('rope_type', name, Object.keys(types));
  const share = rules.partial ? parseShare(fields, rope, sizes.head_dim) : wholeHead(fields, rope, type);
  const partial = share === 1 ? {} : { partial_rotary_factor: share };
  const R = rotaryDim(partial, sizes.head_dim);
  const config = READERS[type]({ fields, rope: rope ?? fields, theta, thetaFields, sizes, rules, R });
  return Object.freeze({ ...config, ...partial });
}

/** Numbers of a head that turn. */
export function rotaryDim({ partial_rotary_factor = 1 }: Partial<Rope>, headDim: number): number {
  return Math.trunc(headDim * partial_rotary_factor);
}

function parseShare(fields: Fields, rope: Fields | undefined, headDim: number): number {
  const key = 'partial_rotary_factor';
  const of = rope?.get(key) === undefined ? fields : rope;
  const share = of.positiveNumber(key, { fallback: 1, max: 1 });
  const R = rotaryDim({ partial_rotary_factor: share }, headDim);
  if (R >= 2 && R % 2 === 0) return share;
  throw of.invalid(key, `a share of a head's ${headDim} numbers that is even, as rotary embeddings need pairs`);
}

/** transformers takes all of a head for type "default" whatever the share is, and fails on a share of any other type. */
function wholeHead(fields: Fields, rope: Fields | undefined, type: RopeType): 1 {
  const share = rope?.get('partial_rotary_factor') ?? fields.get('partial_rotary_factor') ?? 1;
  if (type !== 'default' && share !== 1) throw unsupported('partial_rotary_factor', share, [1]);
  return 1;
}

/** A model's own field goes before that of its rotary embeddings, as in transformers. */
function originalPositions({ fields, rope, sizes, rules }: Given): number {
  const key = 'original_max_position_embeddings';
  const usual = rules.original_max_position_embeddings;
  const of = usual === undefined && fields.get(key) === undefined ? rope : fields;
  return of.positiveInteger(key, { fallback: usual ?? sizes.max_position_embeddings, max: MAX.positions });
}

function readLlama3(given: Given): Llama3Rope {
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

function readYarn(given: Given): YarnRope {
  const { rope, theta, thetaFields, sizes } = given;
  if (theta <= 1) throw thetaFields.invalid('rope_theta', 'a number above 1');
  const original = originalPositions(given);
  const isUntold = rope.has('factor') && rope.get('factor') === undefined;
  const factor = isUntold ? sizes.max_position_embeddings / original : parseFactor(rope, 'factor');
  // transformers takes 0 for none.
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

function readLongRope(given: Given): LongRope {
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
