import { WebVeraError } from '../../core/errors/error';
import { unquoted } from '../../core/errors/wrong';
import { isShallow, jsonOf, MOST_LEVELS } from '../../core/input/nesting';
import type { TaskType } from '../adapter_config';
import { LARGEST_VALUE } from '../largest_value';
import type { VeraConfigInit } from './config_init';

type Fields = Readonly<Required<VeraConfigInit>>;

const TASK_TYPES: readonly TaskType[] = [
  'SEQ_CLS',
  'SEQ_2_SEQ_LM',
  'CAUSAL_LM',
  'TOKEN_CLS',
  'QUESTION_ANS',
  'FEATURE_EXTRACTION',
];

interface Field {
  readonly fallback: unknown;
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
}

const isString = (value: unknown): boolean => typeof value === 'string';
const isFloat32 = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(Math.fround(value));
const isIndex = (value: unknown): boolean => Number.isSafeInteger(value);
const isStrings = (value: unknown): boolean => Array.isArray(value) && value.every(isString);
export const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text: Omit<Field, 'fallback'> = { expected: 'a string', accepts: isString };
const number: Omit<Field, 'fallback'> = { expected: 'a number', accepts: (value) => typeof value === 'number' };
const strings: Omit<Field, 'fallback'> = { expected: 'a list of strings', accepts: isStrings };
const stringOrStrings: Omit<Field, 'fallback'> = {
  expected: 'a string or a list of strings',
  accepts: (value) => isString(value) || isStrings(value),
};
const flag = (fallback: boolean): Field => ({
  fallback,
  expected: 'true or false',
  accepts: (value) => typeof value === 'boolean',
});

/** The types of the fields: `checkValues` checks their values. A field whose fallback is null accepts null. */
export const FIELDS: { readonly [K in keyof Fields]: Field } = {
  r: { fallback: 256, ...number },
  target_modules: { fallback: null, ...stringOrStrings },
  projection_prng_key: { fallback: 0, expected: 'an integer between -(2^53 - 1) and 2^53 - 1', accepts: isIndex },
  save_projection: flag(true),
  vera_dropout: { fallback: 0, ...number },
  d_initial: { fallback: 0.1, expected: 'a finite float32', accepts: isFloat32 },
  fan_in_fan_out: flag(false),
  bias: { fallback: 'none', ...text },
  modules_to_save: { fallback: null, ...strings },
  init_weights: flag(true),
  layers_to_transform: {
    fallback: null,
    expected: 'an integer or a list of integers',
    accepts: (value) => isIndex(value) || (Array.isArray(value) && value.every(isIndex)),
  },
  layers_pattern: { fallback: null, ...stringOrStrings },
  task_type: { fallback: null, ...text },
  base_model_name_or_path: { fallback: null, ...text },
  revision: { fallback: null, ...text },
  inference_mode: flag(false),
  auto_mapping: {
    fallback: null,
    expected: `an object of at most ${MOST_LEVELS} levels`,
    accepts: (value) => isObject(value) && isShallow(value),
  },
  peft_type: { fallback: 'VERA', expected: '"VERA"', accepts: (value) => value === 'VERA' || value === null },
};

/** `code` says whether a program or a file is at fault. */
export function checkTypes(init: object, code: 'invalid_argument' | 'invalid_format'): void {
  for (const [name, value] of Object.entries(init)) {
    const field = FIELDS[name as keyof Fields];
    if (value === undefined || (value === null && field.fallback === null) || field.accepts(value)) continue;
    if (name === 'peft_type') throw otherMethod(code, value);
    const hint = unquoted(value, field.accepts) ?? '';
    throw new WebVeraError(code, `${name}: expected ${field.expected}, got ${show(value)}`, { hint });
  }
}

/** PEFT has many methods; this library has VeRA only. */
export function otherMethod(code: 'invalid_argument' | 'invalid_format', peft_type: unknown): WebVeraError {
  const hint =
    code === 'invalid_format'
      ? 'adapter_config.json describes an adapter of another method. Only those of VeRA can be loaded, whose peft_type is "VERA".'
      : 'A VeraConfig is for VeRA, and of no other method. Leave peft_type out.';
  const detail = { peft_type: typeof peft_type === 'string' ? peft_type.slice(0, 80) : null, supported: ['VERA'] };
  return new WebVeraError(code, `peft_type: expected "VERA", got ${show(peft_type)}`, { hint, detail });
}

/** Refuses what PEFT refuses for a new configuration, what PEFT would crash on later, and what couldn't be loaded again. */
export function checkValues(config: Fields): void {
  const refuse = (message: string, hint: string): never => {
    throw new WebVeraError('invalid_argument', message, { hint });
  };
  if (!Number.isSafeInteger(config.r) || config.r <= 0) {
    refuse(
      `\`r\` should be a positive integer value but the value passed is ${config.r}`,
      'r is the length of λ_d; the paper uses 256 and 1024.',
    );
  }
  if (!(config.vera_dropout >= 0 && config.vera_dropout <= 1)) {
    refuse(
      `dropout probability has to be between 0 and 1, but got ${config.vera_dropout}`,
      'vera_dropout is the share of inputs to drop: 0 drops none.',
    );
  }
  if (Math.abs(config.d_initial) > LARGEST_VALUE) {
    refuse(
      `d_initial: expected a number from -${LARGEST_VALUE} to ${LARGEST_VALUE}, got ${config.d_initial}`,
      'λ_d begins with it. Adapters with larger values are taken for damaged when they are loaded.',
    );
  }
  if (config.bias !== 'none' && config.bias !== 'all' && !config.bias.endsWith('_only')) {
    refuse(`Requested bias: ${config.bias}, is not implemented.`, "bias is 'none', 'all' or 'vera_only'.");
  }
  if (config.task_type !== null && !TASK_TYPES.includes(config.task_type)) {
    refuse(
      `Invalid task type: '${config.task_type}'. Must be one of the following task types: ${TASK_TYPES.join(', ')}.`,
      "Language models take 'CAUSAL_LM', classifiers 'SEQ_CLS'.",
    );
  }
  if ((config.layers_pattern?.length ?? 0) > 0 && config.layers_to_transform === null) {
    refuse(
      'When `layers_pattern` is specified, `layers_to_transform` must also be specified. ',
      'layers_pattern only says where the indices in layers_to_transform are counted.',
    );
  }
}

/** A value, shortened for a message. */
export function show(value: unknown): string {
  const shown = typeof value === 'number' ? String(value) : jsonOf(value);
  return shown.length > 80 ? `${shown.slice(0, 80)}…` : shown;
}
