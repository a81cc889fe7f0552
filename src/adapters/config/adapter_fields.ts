import { WebVeraError } from '../../core/errors/error';
import { isShallow, jsonOf, MOST_LEVELS } from '../../core/input/nesting';
import type { AdapterFields, TaskType } from './adapter_config';

const TASK_TYPES: readonly TaskType[] = [
  'SEQ_CLS',
  'SEQ_2_SEQ_LM',
  'CAUSAL_LM',
  'TOKEN_CLS',
  'QUESTION_ANS',
  'FEATURE_EXTRACTION',
];

/** A field of a configuration. If its default, `fallback`, is null, it also accepts null. */
export interface Field {
  readonly fallback: unknown;
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
}

const isString = (value: unknown): boolean => typeof value === 'string';
const isStrings = (value: unknown): boolean => Array.isArray(value) && value.every(isString);
const isIndex = (value: unknown): boolean => Number.isSafeInteger(value);
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text: Field = { fallback: null, expected: 'a string', accepts: isString };
const strings: Field = { fallback: null, expected: 'a list of strings', accepts: isStrings };
const stringOrStrings: Field = {
  fallback: null,
  expected: 'a string or a list of strings',
  accepts: (value) => isString(value) || isStrings(value),
};
export const number = (fallback: number): Field => ({
  fallback,
  expected: 'a number',
  accepts: (value) => typeof value === 'number',
});
export const float32 = (fallback: number): Field => ({
  fallback,
  expected: 'a finite float32',
  accepts: (value) => typeof value === 'number' && Number.isFinite(Math.fround(value)),
});
export const safeInteger = (fallback: number): Field => ({
  fallback,
  expected: 'an integer between -(2^53 - 1) and 2^53 - 1',
  accepts: isIndex,
});
export const flag = (fallback: boolean): Field => ({
  fallback,
  expected: 'true or false',
  accepts: (value) => typeof value === 'boolean',
});

/** Fields about the modules that an adapter wraps or trains. An adapter kind uses those that its configuration class in PEFT has. */
export const TARGET_FIELDS = {
  target_modules: stringOrStrings,
  exclude_modules: stringOrStrings,
  fan_in_fan_out: flag(false),
  bias: { ...text, fallback: 'none' },
  modules_to_save: strings,
  layers_to_transform: {
    fallback: null,
    expected: 'an integer or a list of integers',
    accepts: (value) => isIndex(value) || (Array.isArray(value) && value.every(isIndex)),
  },
  layers_pattern: stringOrStrings,
} as const satisfies Readonly<Record<string, Field>>;

/** The fields of PEFT's `PeftConfig`, which every adapter kind has. */
export const COMMON_FIELDS = {
  task_type: text,
  base_model_name_or_path: text,
  revision: text,
  inference_mode: flag(false),
  auto_mapping: {
    fallback: null,
    expected: `an object of at most ${MOST_LEVELS} levels`,
    accepts: (value) => isObject(value) && isShallow(value),
  },
} as const satisfies Readonly<Record<string, Field>>;

/**
 * Rejects values of `bias` and `task_type` that PEFT rejects. `only` is the value of `bias` that trains only the biases of wrapped
 * modules; the error's hint contains it.
 */
export function checkCommonValues(config: AdapterFields, only: string): void {
  const { bias = 'none', task_type } = config;
  if (bias !== 'none' && bias !== 'all' && !bias.endsWith('_only')) {
    throw refused(`Requested bias: ${bias}, is not implemented.`, `bias is 'none', 'all' or '${only}'.`);
  }
  if (task_type !== null && !TASK_TYPES.includes(task_type)) {
    throw refused(
      `Invalid task type: '${task_type}'. Must be one of the following task types: ${TASK_TYPES.join(', ')}.`,
      "Language models take 'CAUSAL_LM', classifiers 'SEQ_CLS'.",
    );
  }
}

/** Rejects `layers_pattern` without `layers_to_transform`, as PEFT does for most adapter kinds. */
export function checkLayersPattern({ layers_pattern, layers_to_transform }: AdapterFields): void {
  if ((layers_pattern?.length ?? 0) === 0 || (layers_to_transform ?? null) !== null) return;
  throw refused(
    'When `layers_pattern` is specified, `layers_to_transform` must also be specified. ',
    'layers_pattern only says where the indices in layers_to_transform are counted.',
  );
}

/** Throws PEFT's error for ranks that aren't positive integers. `meaning` is the error's hint: it explains ranks and usual values. */
export function checkRanks(ranks: readonly number[], meaning: string): void {
  const wrong = ranks.find((r) => !Number.isSafeInteger(r) || r <= 0);
  if (wrong === undefined) return;
  throw refused(`\`r\` should be a positive integer value but the value passed is ${wrong}`, meaning);
}

/** Throws torch's error for a dropout probability that isn't between 0 and 1. */
export function checkDropout(name: string, p: number): void {
  if (p >= 0 && p <= 1) return;
  const hint = `${name} is the share of inputs to drop: 0 drops none.`;
  throw refused(`dropout probability has to be between 0 and 1, but got ${p}`, hint);
}

/** Returns an `invalid_argument` error for a value that no adapter can have. */
export function refused(message: string, hint: string): WebVeraError {
  return new WebVeraError('invalid_argument', message, { hint });
}

/** Formats a value for a message, shortened if it is long. */
export function show(value: unknown): string {
  if (value instanceof Set) return 'a Set'; // JSON has it as {}
  const shown = typeof value === 'number' ? String(value) : jsonOf(value);
  return shown.length > 80 ? `${shown.slice(0, 80)}…` : shown;
}
