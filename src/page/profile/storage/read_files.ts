import { WebVeraError } from '../../../core/errors/error';
import type { Fields } from '../../../core/input/fields';
import { type Files, namedFiles } from '../../../core/input/named_files';
import { isPreferred } from '../../../core/preferences/preference_fields';
import { exampleFields } from '../../../core/types/example';
import type { RgbImage } from '../../../core/types/image';
import type { AdapterFiles } from '../../../core/types/model';
import type { SentExample } from '../../../core/types/training';
import { type AnyAdapterConfig, configFromJson, pageKindOf } from '../../adapters/page_kinds';
import { wrong } from '../../session/options';
import type { Numbered } from '../examples/examples';
import { IMAGES, readImages } from '../examples/image_file';
import { type Feedback, feedbackFields, isPair, noFeedback, type ProfileData } from '../feedback/feedback';
import { expectArguments, expectBase, expectConfig, type KnownBase, sideBySide } from '../fits';
import { usualSettings } from '../open';
import { MAX_EXAMPLES } from '../types';
import {
  ABOUT,
  arrivalsOf,
  CONFIG,
  EXAMPLES,
  expectFile,
  jsonIn,
  lineOf,
  MODEL,
  type NamedFiles,
  PREFERENCES,
  RATINGS,
  valuesIn,
} from './file_parts';
import { readHistory } from './learn_record';
import { LONGEST_HISTORY, type ProfileState, readBase, readSettings } from './record';
import { count, fieldsOf } from './record_fields';

/** The format version of profile.json. */
export const VERSION = 1;
const HINT = "Pass what profile.export() gave, or PEFT's two files.";

/** The checked content of a profile's files. Only the weights aren't checked yet. */
interface ProfileFiles {
  readonly adapter: AdapterFiles;
  readonly imported: Pick<ProfileState, 'base_model' | 'seen' | 'feedback' | 'solved' | 'history' | 'settings'> & {
    readonly seed?: number;
  };
  readonly data: ProfileData;
}

/** The parsed lines of a profile's JSON Lines files. */
interface ProfileLines {
  readonly examples: readonly SentExample[];
  readonly ratings: readonly Feedback[];
  readonly preferences: readonly Feedback[];
}

/** The model that a profile's files must fit. */
interface Expected {
  readonly base: KnownBase;
  /** The edge length of the model's images, in pixels. */
  readonly image_size?: number | undefined;
}

/**
 * Reads a profile's files. Rejects with `invalid_format`, with `limit_exceeded`, and with `invalid_argument` for another base model or an
 * invalid example.
 */
export async function readFiles(given: Files, { base, image_size }: Expected): Promise<ProfileFiles> {
  const files = namedFiles('Profile.import: files', given, { hint: HINT });
  try {
    const adapter = { [CONFIG]: expectFile(files, CONFIG), [MODEL]: expectFile(files, MODEL) };
    const config = sideBySide(configFromJson(await jsonIn(files, CONFIG)));
    const lines = {
      examples: await readExamples(files, image_size),
      ratings: await readFeedback(files, RATINGS),
      preferences: await readFeedback(files, PREFERENCES),
    };
    if (files.has(ABOUT)) return { adapter, ...readAbout(await jsonIn(files, ABOUT), lines, base, config) };
    const { base_model_name_or_path: base_model } = config;
    const settings = { ...usualSettings, peft_config: { ...config } };
    const feedback = numbered([...lines.ratings, ...lines.preferences]);
    const counts = { seen: lines.examples.length, feedback: { ...noFeedback, seen: feedback.length } };
    const imported = { base_model, ...counts, solved: false, history: [], settings };
    return { adapter, imported, data: { examples: numbered(lines.examples), feedback } };
  } catch (error) {
    if (!(error instanceof WebVeraError) || error.code !== 'invalid_format') throw error;
    throw new WebVeraError(error.code, error.message, { hint: error.hint || HINT, detail: error.detail, cause: error });
  }
}

function readAbout(
  json: unknown,
  lines: ProfileLines,
  base: KnownBase,
  config: AnyAdapterConfig,
): Pick<ProfileFiles, 'imported' | 'data'> {
  const about = fieldsOf(json, ABOUT);
  if (about.get('webvera_profile') !== VERSION) throw about.invalid('webvera_profile', `${VERSION}`);
  const settings = readSettings(fieldsOf(about.get('settings'), `${ABOUT}: settings`), { max: MAX_EXAMPLES });
  expectConfig(settings.peft_config, fixedFields(config));
  expectArguments(settings.args);
  const known = readBase(about);
  const given = about.object('feedback');
  const imported = {
    base_model: known.base_model,
    seed: count(about, 'seed'),
    seen: count(about, 'seen'),
    feedback: { ...noFeedback, seen: given === undefined ? 0 : count(given, 'seen') },
    solved: about.boolean('solved', false),
    history: readHistory(about).slice(-LONGEST_HISTORY),
    settings,
  };
  expectBase(known, base);
  const numbers = arrivalsOf(about, 'arrivals', lines.examples.length, imported.seen);
  const feedback = given === undefined ? [] : numberedFeedback(given, lines, imported.feedback.seen);
  return { imported, data: { examples: numbered(lines.examples, numbers), feedback } };
}

/**
 * Numbers the ratings and preferences with the lists in profile.json: the index of each among all feedback ever given. Throws
 * `invalid_format` if a rating and a preference have the same number.
 */
function numberedFeedback(given: Fields, { ratings, preferences }: ProfileLines, seen: number): Numbered<Feedback>[] {
  const numbers = [
    ...arrivalsOf(given, 'ratings', ratings.length, seen),
    ...arrivalsOf(given, 'preferences', preferences.length, seen),
  ];
  if (new Set(numbers).size === numbers.length) return numbered([...ratings, ...preferences], numbers);
  throw given.invalid('preferences', 'other integers than ratings');
}

function numbered<T extends SentExample>(examples: readonly T[], numbers?: readonly number[]): Numbered<T>[] {
  return examples.map((example, index) => ({ n: numbers?.[index] ?? index, example }));
}

/** Returns the fields of an imported adapter's config that must equal those in the profile's settings. */
function fixedFields(config: AnyAdapterConfig): Partial<AnyAdapterConfig> {
  const { fixed } = pageKindOf(config).profile;
  return Object.fromEntries(Object.entries(config).filter(([name]) => fixed.includes(name)));
}

async function readExamples(files: NamedFiles, size: number | undefined): Promise<SentExample[]> {
  const values = await valuesIn(files, EXAMPLES);
  let images: readonly RgbImage[] = [];
  if (files.has(IMAGES)) {
    if (size === undefined)
      throw wrong('Profile.import: files', 'examples of text, for a model that reads texts', IMAGES);
    images = await readImages(expectFile(files, IMAGES), { count: values.length, size });
  }
  return values.map((value, index) => {
    const prepared = images[index];
    const example = exampleFields(
      lineOf(EXAMPLES, index),
      prepared === undefined ? value : withImage(value, index, prepared),
    );
    if (!isPreferred(example)) return example;
    throw wrong(
      lineOf(EXAMPLES, index),
      'an example',
      value,
      `Ratings are in ${RATINGS}, preferences in ${PREFERENCES}.`,
    );
  });
}

async function readFeedback(files: NamedFiles, name: typeof RATINGS | typeof PREFERENCES): Promise<Feedback[]> {
  return (await valuesIn(files, name)).map((value, index) => {
    const feedback = feedbackFields(lineOf(name, index), value);
    if (isPair(feedback) === (name === PREFERENCES)) return feedback;
    const expected = name === RATINGS ? '{ prompt, completion, label }' : '{ prompt, chosen, rejected }';
    throw wrong(lineOf(name, index), expected, value);
  });
}

/** Combines a line and its image into one example. Throws `invalid_format` unless the line's field `image` is the line's own index. */
function withImage(value: unknown, index: number, prepared: RgbImage): object {
  const fields = fieldsOf(value, lineOf(EXAMPLES, index));
  if (fields.get('image') !== index) throw fields.invalid('image', `${index}, its place in ${IMAGES}`);
  return { prepared, label: fields.get('label'), labels: fields.get('labels') };
}
