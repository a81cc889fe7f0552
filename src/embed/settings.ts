import { type ModelDtype, type ModelSource, type ProfileOptions, type TrainingArguments, WebVeraError } from '../index';

/** The tasks that the element supports. */
const TASKS = ['causal-lm', 'text-classification', 'image-classification'] as const;
export type ElementTask = (typeof TASKS)[number];

/** The settings in an element's attributes. */
export interface ElementSettings {
  readonly source: ModelSource;
  readonly task: ElementTask;
  /** A classifier's labels, if they aren't the model's own. */
  readonly labels: readonly string[] | undefined;
  readonly profile: string;
  readonly dtype: ModelDtype | undefined;
  readonly peft_config: NonNullable<ProfileOptions['peft_config']>;
  readonly args: TrainingArguments;
  /** The most tokens of an example, unless the model takes fewer. */
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

/** Default steps: enough to learn from a few pages of text, in a minute or two. */
const STEPS = 60;

/** Learning rate of a classifier's head: its dense weights become unstable at rates that suit λ. RESULTS.md uses it for most heads. */
const HEAD_RATE = 4e-3;

/** Default tokens of an example: some paragraphs, for which small devices have the memory. */
const LENGTH = 256;

/**
 * Reads an element's settings. Throws `invalid_argument` with the attribute's name in `detail`. `page`: the address that relative addresses
 * start from.
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

/** Parses the fields of a configuration. Opening the profile checks them. */
function configOf(json: string | undefined): ElementSettings['peft_config'] {
  if (json === undefined) return {};
  const fields = parsed(json);
  if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) return fields;
  throw wrong('peft-config', 'fields in JSON, such as {"r": 8}', json);
}

/** Undefined for text that is no JSON. */
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

/** Parses names with commas between them. */
function labelsOf(given: string | undefined, task: ElementTask): readonly string[] | undefined {
  if (given === undefined) return undefined;
  if (task === 'causal-lm')
    throw wrong('labels', 'task="text-classification" or "image-classification" beside it', given);
  const names = given.split(',').map((name) => name.trim());
  if (names.length > 1 && names.every((name, at) => name !== '' && names.indexOf(name) === at)) return names;
  throw wrong('labels', 'two names or more, each once, with commas between them', given);
}

/** Whether two elements would load the same model and profile. */
export function isSame(one: ElementSettings, other: ElementSettings): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** A model's name for visitors: a hub name, or the last folder of an address. */
export function nameOf(model: string): string {
  const [, folder = model] = /([^/?#]+)\/*(?:[?#].*)?$/.exec(isAddress(model) ? model : '') ?? [];
  return folder;
}

/** Addresses begin with `./`, `../`, `/` or a scheme such as `https:`; other names are on the hub. */
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

/** Parses 'all-linear', or names or ends of names with commas between them. Text with other signs is a regular expression. */
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
