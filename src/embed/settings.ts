import { type ModelDtype, type ModelSource, type ProfileOptions, type TrainingArguments, WebVeraError } from '../index';

/** The tasks that the element supports. */
const TASKS = ['causal-lm', 'text-classification', 'image-classification'] as const;
export type ElementTask = (typeof TASKS)[number];

/** An element's settings, as read from its attributes. */
export interface ElementSettings {
  readonly source: ModelSource;
  readonly task: ElementTask;
  /** A classifier's labels, if they aren't the model's own. */
  readonly labels: readonly string[] | undefined;
  readonly profile: string;
  readonly dtype: ModelDtype | undefined;
  readonly peft_config: NonNullable<ProfileOptions['peft_config']>;
  readonly args: TrainingArguments;
  /** The largest number of tokens of an example, unless the model's limit is lower. */
  readonly max_length: number;
}

type AttributeName =
  | 'model'
  | 'profile'
  | 'task'
  | 'labels'
  | 'dtype'
  | 'peft-config'
  | 'r'
  | 'target-modules'
  | 'max-steps'
  | 'learning-rate'
  | 'max-length';

/** The default number of steps: enough to learn from a few pages of text, in a minute or two. */
const STEPS = 60;

/** The learning rate of a classifier's head. Its dense weights become unstable at the rates that suit an adapter's vectors. */
const HEAD_RATE = 4e-3;

/** The default for the largest number of tokens of an example: a few paragraphs, for which small devices have enough memory. */
const LENGTH = 256;

/**
 * Reads an element's settings. Throws `invalid_argument` with the attribute's name in `detail`. `page`: the address against which relative
 * addresses are resolved.
 */
export function readSettings(attribute: (name: AttributeName) => string | null, page: string): ElementSettings {
  const text = (name: AttributeName): string | undefined => attribute(name)?.trim() || undefined;
  const number = (name: AttributeName, expected: string, accepts: (value: number) => boolean): number | undefined => {
    const given = text(name);
    if (given === undefined) return undefined;
    const value = Number(given);
    if (accepts(value)) return value;
    throw wrong(name, expected, given);
  };
  const count = (name: AttributeName, least: number): number | undefined =>
    number(name, `a whole number from ${least}`, (value) => Number.isSafeInteger(value) && value >= least);

  const model = text('model');
  if (model === undefined) {
    throw wrong('model', "a hub name such as 'org/name', or a folder's address such as './models/mine/'", 'none');
  }
  const task = taskOf(text('task'));
  const r = count('r', 1);
  const target_modules = targets(text('target-modules'));
  const max_steps = count('max-steps', 1) ?? STEPS;
  const learning_rate = number('learning-rate', 'a number above 0', (value) => value > 0 && Number.isFinite(value));
  return {
    source: sourceOf(model, page),
    task,
    labels: labelsOf(text('labels'), task),
    profile: text('profile') ?? 'default',
    dtype: text('dtype') as ModelDtype | undefined, // the library checks the value
    peft_config: {
      ...configOf(text('peft-config')),
      ...(r !== undefined && { r }),
      ...(target_modules !== undefined && { target_modules }),
    },
    args: {
      max_steps,
      ...(learning_rate !== undefined && { learning_rate }),
      ...(task !== 'causal-lm' && { headLearningRate: HEAD_RATE }),
    },
    max_length: count('max-length', 2) ?? LENGTH,
  };
}

/** Parses the fields of an adapter config. They are validated when the profile is opened. */
function configOf(json: string | undefined): ElementSettings['peft_config'] {
  if (json === undefined) return {};
  const fields = parsed(json);
  if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) return fields;
  throw wrong('peft-config', 'fields in JSON, such as {"r": 8}', json);
}

/** Parses JSON. Returns undefined for invalid JSON. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function taskOf(given = 'causal-lm'): ElementTask {
  const task = knownTask(given);
  if (task !== undefined) return task;
  throw wrong('task', TASKS.join(', '), given);
}

export function knownTask(given: string | undefined): ElementTask | undefined {
  return TASKS.find((task) => task === given);
}

/** Parses label names that are separated by commas. */
function labelsOf(given: string | undefined, task: ElementTask): readonly string[] | undefined {
  if (given === undefined) return undefined;
  if (task === 'causal-lm')
    throw wrong('labels', 'task="text-classification" or "image-classification" beside it', given);
  const names = given.split(',').map((name) => name.trim());
  if (names.length > 1 && names.every((name, at) => name !== '' && names.indexOf(name) === at)) return names;
  throw wrong('labels', 'two names or more, each once, with commas between them', given);
}

/** Whether two elements' settings are equal, so that nothing must be loaded again. */
export function isSame(one: ElementSettings, other: ElementSettings): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/**
 * Whether a value switches on `autoload` or `headless`, as an attribute or as a property. Frameworks that don't know the property write
 * `{false}` as the attribute's value 'false'.
 */
export function isOn(value: unknown): boolean {
  return value === '' || (Boolean(value) && value !== 'false');
}

/** Returns a model's name for visitors: the hub name, or the last folder of the address. */
export function nameOf(model: string): string {
  const [, folder = model] = /([^/?#]+)\/*(?:[?#].*)?$/.exec(isAddress(model) ? model : '') ?? [];
  return folder;
}

/** Returns the source for `model`: an address, if it begins with `./`, `../`, `/` or a scheme such as `https:`; else a hub name. */
function sourceOf(model: string, page: string): ModelSource {
  if (!isAddress(model)) return model;
  try {
    return new URL(model, page);
  } catch {
    throw wrong('model', 'an address', model);
  }
}

function isAddress(model: string): boolean {
  return /^(\.{0,2}\/|[a-z][a-z\d+.-]*:)/i.test(model);
}

/** Parses 'all-linear', or module names or their endings, separated by commas. Text with other characters is a regular expression. */
function targets(text: string | undefined): string | string[] | undefined {
  if (text === undefined || /^all-linear$/i.test(text) || !/^[\w.,\s-]+$/.test(text)) return text;
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => name !== '')) return names;
  throw wrong('target-modules', 'names with commas between them', text);
}

function wrong(name: AttributeName, expected: string, got: string): WebVeraError {
  return new WebVeraError('invalid_argument', `<web-vera>: ${name}: expected ${expected}, got ${got}`, {
    detail: { attribute: name },
  });
}
