import { WebVeraError } from '../../../core/errors/error';
import { type Files, namedFiles } from '../../../core/input/named_files';
import { parseJson } from '../../../core/input/nesting';
import { exampleFields } from '../../../core/types/example';
import type { RgbImage } from '../../../core/types/image';
import type { AdapterFiles } from '../../../core/types/model';
import type { SentExample } from '../../../core/types/training';
import { type AnyAdapterConfig, configFromJson, pageKindOf } from '../../adapters/page_kinds';
import { wrong } from '../../session/options';
import type { NumberedExample } from '../examples/examples';
import { IMAGES, readImages } from '../examples/image_file';
import { expectArguments, expectBase, expectConfig, type KnownBase, sideBySide } from '../fits';
import { MOST_EXAMPLES } from '../open';
import { MAX_EXAMPLES } from '../types';
import { count, fieldsOf, LONGEST_HISTORY, list, type ProfileState, plain, readLabels, readRecord } from './record';

const CONFIG = 'adapter_config.json';
const MODEL = 'adapter_model.safetensors';
export const EXAMPLES = 'examples.jsonl';
export const ABOUT = 'profile.json';
/** The format version of profile.json. */
export const VERSION = 1;
/** Largest sizes, in bytes. */
const LIMITS = { [CONFIG]: 2 ** 20, [EXAMPLES]: 2 ** 26, [ABOUT]: 2 ** 22 } as const;
const HINT = "Pass what profile.export() gave, or PEFT's two files.";

/** The content of a profile's files, checked except for the weights. */
interface ProfileFiles {
  readonly adapter: AdapterFiles;
  readonly imported: Pick<ProfileState, 'base_model' | 'seen' | 'history' | 'settings'> & { readonly seed?: number };
  readonly examples: readonly NumberedExample[];
}

/** The model that a profile's files must fit. */
interface Expected {
  readonly base: KnownBase;
  /** Edge length of the model's images, in pixels. */
  readonly image_size?: number | undefined;
}

/**
 * Reads a profile's files. Throws `invalid_format`, `limit_exceeded`, and `invalid_argument` for another base model and
 * for a value that is no example.
 */
export async function readFiles(given: Files, { base, image_size }: Expected): Promise<ProfileFiles> {
  const files = namedFiles('Profile.import: files', given, { hint: HINT });
  try {
    const adapter = { [CONFIG]: expectFile(files, CONFIG), [MODEL]: expectFile(files, MODEL) };
    const config = sideBySide(configFromJson(parse(await textOf(CONFIG, adapter[CONFIG]), CONFIG)));
    const lines = await readExamples(files, image_size);
    if (files.has(ABOUT)) {
      const about = parse(await textOf(ABOUT, expectFile(files, ABOUT)), ABOUT);
      return { adapter, ...readAbout(about, lines, base, config) };
    }
    const { base_model_name_or_path: base_model } = config;
    const settings = { peft_config: { ...config }, args: {}, max_examples: MOST_EXAMPLES, keep_examples: true };
    const examples = lines.map((example, n) => ({ n, example }));
    return { adapter, imported: { base_model, seen: lines.length, history: [], settings }, examples };
  } catch (error) {
    if (!(error instanceof WebVeraError) || error.code !== 'invalid_format') throw error;
    throw new WebVeraError(error.code, error.message, { hint: HINT, detail: error.detail, cause: error });
  }
}

function readAbout(
  json: unknown,
  lines: readonly SentExample[],
  base: KnownBase,
  config: AnyAdapterConfig,
): Pick<ProfileFiles, 'imported' | 'examples'> {
  const about = fieldsOf(json, ABOUT);
  if (about.get('webvera_profile') !== VERSION) throw about.invalid('webvera_profile', `${VERSION}`);
  const settings = fieldsOf(about.get('settings'), `${ABOUT}: settings`);
  const [peft_config, args] = [plain(settings, 'peft_config'), plain(settings, 'args')];
  expectConfig(peft_config, fixedFields(config));
  expectArguments(args);
  const imported = {
    base_model: about.optionalString('base_model') ?? null,
    seed: count(about, 'seed'),
    seen: count(about, 'seen'),
    history: list(about, 'history').slice(-LONGEST_HISTORY).map(readRecord),
    settings: {
      peft_config,
      args,
      max_examples: settings.positiveInteger('max_examples', { max: MAX_EXAMPLES }),
      keep_examples: settings.boolean('keep_examples', true),
    },
  };
  const { base_model } = imported;
  const problem_type = about.optionalString('problem_type') ?? null;
  expectBase({ base: about.string('base'), base_model, labels: readLabels(about), problem_type }, base);
  const arrivals = list(about, 'arrivals').filter(
    (n): n is number => Number.isSafeInteger(n) && isWithin(n, imported.seen),
  );
  if (arrivals.length !== lines.length || new Set(arrivals).size !== lines.length) {
    throw about.invalid('arrivals', `${lines.length} different integers below seen, one for each of ${EXAMPLES}`);
  }
  return { imported, examples: lines.map((example, index) => ({ n: arrivals[index] ?? 0, example })) };
}

/** The fields of an imported adapter that must be those of the profile's settings. */
function fixedFields(config: AnyAdapterConfig): Partial<AnyAdapterConfig> {
  const { fixed } = pageKindOf(config).profile;
  return Object.fromEntries(Object.entries(config).filter(([name]) => fixed.includes(name)));
}

function isWithin(n: unknown, end: number): boolean {
  return typeof n === 'number' && n >= 0 && n < end;
}

function expectFile(files: ReadonlyMap<string, Blob>, name: string): Blob {
  const file: unknown = files.get(name);
  if (file instanceof Blob) return file;
  throw new WebVeraError('invalid_format', `Profile.import: expected a file ${name}, got none`);
}

async function readExamples(files: ReadonlyMap<string, Blob>, size: number | undefined): Promise<SentExample[]> {
  const text = files.has(EXAMPLES) ? await textOf(EXAMPLES, expectFile(files, EXAMPLES)) : '';
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length > MAX_EXAMPLES) {
    throw new WebVeraError(
      'limit_exceeded',
      `${EXAMPLES}: expected at most ${MAX_EXAMPLES} lines, got ${lines.length}`,
    );
  }
  if (files.has(IMAGES) && size === undefined) {
    throw wrong('Profile.import: files', 'examples of text, for a model that reads texts', IMAGES);
  }
  const images =
    files.has(IMAGES) && size !== undefined
      ? await readImages(expectFile(files, IMAGES), { count: lines.length, size })
      : [];
  return lines.map((line, index) => {
    const where = `${EXAMPLES}: line ${index + 1}`;
    const prepared = images[index];
    return exampleFields(where, prepared === undefined ? parse(line, where) : withImage(line, index, prepared));
  });
}

/** An example's image is the one at the same index. */
function withImage(line: string, index: number, prepared: RgbImage): object {
  const where = `${EXAMPLES}: line ${index + 1}`;
  const fields = fieldsOf(parse(line, where), where);
  if (fields.get('image') !== index) throw fields.invalid('image', `${index}, its place in ${IMAGES}`);
  return { prepared, label: fields.get('label'), labels: fields.get('labels') };
}

async function textOf(name: keyof typeof LIMITS, blob: Blob): Promise<string> {
  if (blob.size <= LIMITS[name]) return blob.text();
  throw new WebVeraError('limit_exceeded', `${name}: expected at most ${LIMITS[name]} bytes, got ${blob.size}`);
}

function parse(text: string, where: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new WebVeraError('invalid_format', `${where}: expected JSON, got something else`, { cause: error });
  }
}
