import type { Fields } from '../core/fields';
import { MAX, unsupported } from './config_fields';

/** Rotary position embeddings: `rope_parameters` of transformers 5, `rope_theta` and `rope_scaling` of 4. */
export type RopeConfig = DefaultRope | LinearRope | Llama3Rope;

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
  readonly sizes: RopeSizes;
  readonly rules: RopeRules;
}

const TYPES: NonNullable<RopeRules['types']> = {
  default: 'default',
  linear: 'linear',
  llama3: 'llama3',
};

const READERS: { readonly [T in RopeType]: (given: Given) => Extract<RopeConfig, { readonly type: T }> } = {
  default: ({ theta }) => ({ type: 'default', theta }),
  linear: ({ theta, rope }) => ({ type: 'linear', theta, factor: rope.positiveNumber('factor') }),
  llama3: readLlama3,
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
  const theta = thetaFields.positiveNumber('rope_theta', { fallback });
  const name = rope?.optionalString('rope_type') ?? rope?.optionalString('type') ?? 'default';
  const type = Object.hasOwn(types, name) ? types[name] : undefined;
  if (type === undefined) throw unsupported('rope_type', name, Object.keys(types));
  const share = rules.partial ? parseShare(fields, rope, sizes.head_dim) : wholeHead(fields, rope, type);
  const partial = share === 1 ? {} : { partial_rotary_factor: share };
  const config = READERS[type]({ fields, rope: rope ?? fields, theta, sizes, rules });
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
  const low_freq_factor = rope.positiveNumber('low_freq_factor');
  const high_freq_factor = rope.positiveNumber('high_freq_factor');
  if (high_freq_factor <= low_freq_factor) {
    throw rope.invalid('high_freq_factor', `a number above low_freq_factor, ${low_freq_factor}`);
  }
  return {
    type: 'llama3',
    theta,
    factor: rope.positiveNumber('factor'),
    low_freq_factor,
    high_freq_factor,
    original_max_position_embeddings: originalPositions(given),
  };
}
