import { type AdapterFields, trainedBiases } from '../../adapters/config/adapter_config';
import { WebVeraError } from '../../core/errors/error';
import type { ResolvedTrainingArguments, TrainingArguments } from '../../core/types/training';
import { type AnyAdapterConfig, type AnyAdapterConfigInit, configOf, pageKindOf } from '../adapters/page_kinds';
import { partsKey, type RemoteModel } from '../models/remote_model';
import { defined, wrong } from '../session/options';
import { resolveDpoArguments, resolveKtoArguments } from '../training/preference_arguments';
import { resolveTrainingArguments } from '../training/training_arguments';
import { type LearnArguments, type ProfileState, SOLVED_BY_FORGETTING } from './storage/record';

/**
 * Modules that may train in addition to the adapter's own vectors. For a classifier of texts, PEFT's task type adds them to
 * modules_to_save; for a classifier of images, modules_to_save names them.
 */
const HEADS = ['classifier', 'score'];
/** Training arguments that a profile controls itself. */
const OWN = ['eval_strategy', 'load_best_model_at_end', 'early_stopping_patience', 'objective'] as const;

/** The facts by which a profile recognises its base model. */
export interface KnownBase {
  /** The base model's fingerprint. */
  readonly base: string;
  /** A classifier's labels, in the order of its head; null for other models. */
  readonly labels: readonly string[] | null;
  /** transformers' `problem_type`, for a classifier of several labels per example or of several numbers; null for other models. */
  readonly problem_type: string | null;
  /** Whether the head reads pooled hidden states. */
  readonly pools?: boolean;
}

/** Returns a classifier's labels; null for other models. */
export function labelsOf({ config, [partsKey]: { info } }: RemoteModel): readonly string[] | null {
  return info.task.hasNamedLabels ? Object.values(config.id2label ?? {}).map(String) : null;
}

/** Returns transformers' `problem_type` for a classifier whose examples have a list of labels; null for other models. */
export function problemOf({ config, [partsKey]: { info } }: RemoteModel): string | null {
  const { problem_type } = config;
  if (!info.task.hasNamedLabels || typeof problem_type !== 'string') return null;
  return problem_type === usualProblem(Object.keys(config.id2label ?? {}).length) ? null : problem_type;
}

function usualProblem(labels: number): string {
  return labels === 1 ? 'regression' : 'single_label_classification';
}

/**
 * Throws `invalid_argument` for another base model: an adapter's vectors fit only the weights with which they were trained, and a head fits
 * only its labels, in their order.
 */
export function expectBase(
  kept: Pick<ProfileState, 'base' | 'base_model' | 'labels' | 'problem_type'>,
  { base, labels, problem_type, pools = false }: KnownBase,
): void {
  if (kept.base !== base) {
    const name =
      kept.base_model === null ? 'the base model that it began with' : `its base model ${cut(kept.base_model)}`;
    throw new WebVeraError('invalid_argument', `profile: expected ${name}, got a model with other weights`, {
      hint: pools
        ? "Load the same weights in the same dtype, with pooling: 'none' if it began over transformers' own head, take another id for this model, or forget the profile."
        : 'Load the same weights in the same dtype, take another id for this model, or forget the profile.',
      detail: { expected: kept.base, got: base, ...SOLVED_BY_FORGETTING },
    });
  }
  // Earlier versions stored an empty list of labels for a config.json without label names. They then also stored 'regression', although it
  // is the usual `problem_type` for one label.
  const isUnnamed = kept.labels?.length === 0;
  const told = kept.problem_type === usualProblem(labels?.length ?? 0) ? null : kept.problem_type;
  if (told !== problem_type) {
    const [began, got] = [told, problem_type].map((type) => cut(type ?? 'left out'));
    const message = `profile: expected a model with problem_type ${began}, as it began, got ${got}`;
    throw new WebVeraError('invalid_argument', message, {
      hint: 'What it has learnt is told in that way: load the model with that problem_type, take another id, or forget the profile.',
      detail: SOLVED_BY_FORGETTING,
    });
  }
  if (kept.labels === null || isUnnamed || JSON.stringify(kept.labels) === JSON.stringify(labels)) return;
  const shown = (names: readonly string[] | null): string => cut(JSON.stringify(names));
  const message = `profile: expected a model with the labels ${shown(kept.labels)}, as it began, got ${shown(labels)}`;
  throw new WebVeraError('invalid_argument', message, {
    hint: 'Its head tells those, in that order: load the model with the same id2label, take another id, or forget the profile.',
    detail: SOLVED_BY_FORGETTING,
  });
}

/** Shortens a text of a file for a message. */
const cut = (text: string): string => text.slice(0, 200);

/**
 * Makes the configuration of a new profile from these fields. Other fields have the defaults of the adapter's kind for profiles, or else
 * PEFT's.
 */
export function profileConfig(fields: AnyAdapterConfigInit): AnyAdapterConfig {
  return configOf({ ...pageKindOf(fields).profile.defaults, ...defined(fields) });
}

/**
 * Returns the fields of a configuration that count as given. An instance of a configuration's class has a value in every field, so its
 * fields with PEFT's default count as left out.
 */
export function givenFields(config: AnyAdapterConfigInit): AnyAdapterConfigInit {
  const { Config } = pageKindOf(config);
  const { fields } = Config.rules;
  const isGiven = ([name, value]: [string, unknown]) => !isSame(value, fields[name]?.fallback);
  const given: AnyAdapterConfigInit = defined(config);
  return config instanceof Config ? Object.fromEntries(Object.entries(given).filter(isGiven)) : given;
}

/**
 * Throws `invalid_argument` if the given configuration differs from the one that the profile was created with. In an instance of a
 * configuration's class, a field may have PEFT's default where profiles have another default. `head`: the defaults that the base model's
 * head adds.
 */
export function expectConfig(
  kept: AnyAdapterConfigInit,
  given: AnyAdapterConfigInit | undefined,
  head: AnyAdapterConfigInit = {},
): void {
  if (given === undefined) return;
  const { Config, profile } = pageKindOf(kept);
  const { peft_type, fields } = Config.rules;
  const changed = { ...kept, ...defined(given) } as AnyAdapterConfigInit;
  const isSameKind = pageKindOf(changed).Config === Config;
  if (!isSameKind) throw otherConfig('peft_type', peft_type, given.peft_type);
  const before: Readonly<Record<string, unknown>> = { ...profileConfig(kept) };
  const now: typeof before = { ...profileConfig(changed) };
  const values: typeof before = { ...given };
  const usual: typeof before = { ...profile.defaults, ...head };
  for (const [key, value] of Object.entries(before)) {
    if (isSame(value, now[key])) continue;
    const isLeftOut = given instanceof Config && isSame(value, usual[key]) && isSame(now[key], fields[key]?.fallback);
    if (!isLeftOut) throw otherConfig(key, value, values[key]);
  }
}

function isSame(value: unknown, other: unknown): boolean {
  return JSON.stringify(value) === JSON.stringify(other);
}

function otherConfig(field: string, kept: unknown, given: unknown): WebVeraError {
  const expected = `${cut(JSON.stringify(kept))}, as it began`;
  const { code, message } = wrong(`profile: peft_config.${field}`, expected, given);
  return new WebVeraError(code, message, {
    hint: 'The profile has learnt with the old one: leave it out, take another id, or forget the profile.',
    detail: SOLVED_BY_FORGETTING,
  });
}

/**
 * Throws `invalid_argument` for trained biases or modules, except a classifier's head: the adapters of several profiles
 * share one model, and only vectors and heads can differ between them.
 */
export function sideBySide(config: AnyAdapterConfig): AnyAdapterConfig {
  const fields: AdapterFields = config;
  const { bias, modules_to_save } = fields;
  if (trainedBiases(fields) !== 'none') throw wrong('profile: peft_config.bias', "'none'", bias);
  if (modules_to_save !== null && !modules_to_save.every((module) => HEADS.includes(module))) {
    throw wrong('profile: peft_config.modules_to_save', 'null', modules_to_save);
  }
  return config;
}

const HELD_OUT = 'A profile holds a tenth of its examples out, and takes no vectors that do worse on them.';
const BY_CONTRAST = "learn({ method: 'refine' }) trains by contrast, and solves for the head again.";

/** Throws `invalid_argument` for invalid training arguments, and for those that a profile controls itself. */
export function expectArguments(args: TrainingArguments | undefined): void {
  expectOwn(resolveTrainingArguments(args));
}

/** Does the same as `expectArguments`, for the arguments of preferences and of ratings. */
export function expectFeedbackArguments({
  preferences,
  ratings,
}: Pick<LearnArguments, 'preferences' | 'ratings'>): void {
  expectOwn(resolveDpoArguments(preferences));
  expectOwn(resolveKtoArguments(ratings));
}

function expectOwn(given: ResolvedTrainingArguments): void {
  const usual = resolveTrainingArguments({});
  for (const key of OWN) {
    if (given[key] === usual[key]) continue;
    const hint = key === 'objective' ? BY_CONTRAST : HELD_OUT;
    throw wrong(`profile: args.${key}`, `${JSON.stringify(usual[key])}, its default`, given[key], hint);
  }
}
