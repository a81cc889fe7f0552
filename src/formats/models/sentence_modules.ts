import { WebVeraError } from '../../core/errors/error';
import { Fields, isJsonObject, type JsonObject } from '../../core/input/fields';
import { type FileSource, readRareFile } from '../../core/input/file_source';
import type { Pooling, PoolingMode } from '../../core/pooling/pooling';
import { DEFAULT_SENTENCES, type SentenceSettings } from '../../core/pooling/sentences';
import { parseJsonArray, parseJsonObject } from '../json';
import { otherVector, readDense } from './sentence_dense';
import { readTransformerConfig, type SentenceLimits } from './sentence_transformer';

export { denseWeightFiles, readDenseTensors } from './sentence_dense';

export const MODULES_FILE = 'modules.json';

/** The largest number of modules, more than any published folder lists. */
const MOST_MODULES = 32;
const LONGEST_PATH = 100;

type PoolingSettings = Pick<SentenceSettings, 'pooling' | 'includesPrompt'>;

interface ModuleEntry {
  /** The class's name without its package. Undefined for a class of another package than sentence-transformers. */
  readonly type: string | undefined;
  /** The full name of the class, as the file gives it. */
  readonly className: string;
  /** The module's folder; '' for the model's own folder. */
  readonly path: string;
}

/**
 * Reads modules.json of sentence-transformers and the configurations of the modules that it lists: a Transformer, a Pooling, and then Dense
 * layers, Normalize or Dropout. Returns undefined without modules.json. Throws `invalid_format`, `limit_exceeded`, and the source's errors.
 * An unsupported module or setting doesn't throw, because other uses of the model don't need it: `unsupported` describes the first one, or
 * is the error of a Dense layer. Callers that choose the pooling themselves can use the other settings, which are the defaults if the first
 * module isn't the model's Transformer.
 */
export async function readSentenceModules(
  source: FileSource,
  limits: SentenceLimits,
): Promise<SentenceSettings | undefined> {
  const bytes = await readRareFile(source, MODULES_FILE, limits.json);
  if (bytes === undefined) return undefined;
  const entries = modulesOf(parseJsonArray(bytes, MODULES_FILE, limits.json));
  const strange = strangeModule(entries);
  const [first] = entries;
  if (first?.type !== 'Transformer' || first.path !== '') return { ...DEFAULT_SENTENCES, unsupported: strange };
  const transformer = await readTransformerConfig(source, limits);
  const found = new Set<SentenceSettings['unsupported']>([strange, transformer.unsupported]);
  let made: PoolingSettings = DEFAULT_SENTENCES;
  for (const { type, path } of entries) {
    if (type === 'Pooling') {
      const read = await readPooling(source, path, limits);
      if (read === undefined) found.add(`no ${path}/config.json`);
      made = read ?? made;
    }
    if (type === 'Dense') {
      const pooling = await withDense(made.pooling, source, path, limits).catch(keepError);
      if (typeof pooling === 'string' || pooling instanceof WebVeraError) found.add(pooling);
      else made = { ...made, pooling };
    }
    if (type !== 'Normalize') continue;
    made = { ...made, pooling: { ...made.pooling, normalize: true } };
    found.add(await strangeNormalize(source, path, limits));
  }
  found.delete(undefined);
  return { ...transformer, ...made, unsupported: [...found][0] };
}

/** Reads the list of modules. Throws `invalid_format` if an entry doesn't describe a module. */
function modulesOf(list: readonly unknown[]): readonly ModuleEntry[] {
  if (list.length > MOST_MODULES) {
    throw invalid(`expected at most ${MOST_MODULES} modules, got ${list.length}`);
  }
  return list.map((entry, index) => {
    if (!isJsonObject(entry)) throw invalid(`expected an object for module ${index}`);
    const fields = new Fields(entry, `${MODULES_FILE}: module ${index}`);
    const [className, path] = [fields.string('type'), fields.string('path')];
    if (path.length > LONGEST_PATH || !/^(?:[\w-][\w.-]*)?$/.test(path)) {
      throw fields.invalid('path', "a folder's name");
    }
    return { type: /^sentence_transformers\.(?:\w+\.)*(\w+)$/.exec(className)?.[1], className, path };
  });
}

/**
 * Reads a Dense layer and adds it to the pooling. If the layer isn't supported, returns a description of the reason instead. Throws
 * `invalid_format` if the result of the previous layer has another width than this layer's input, and the errors of `readDense`.
 */
async function withDense(
  pooling: Pooling,
  ...[source, path, limits]: Parameters<typeof readDense>
): Promise<Pooling | string> {
  const layer = await readDense(source, path, limits);
  if (typeof layer === 'string') return layer;
  if (pooling.normalize) return 'a Dense after a Normalize';
  const { dense = [] } = pooling;
  const width = dense.at(-1)?.out_features ?? layer.in_features;
  if (layer.in_features === width) return { ...pooling, dense: [...dense, layer] };
  throw new Fields({ ...layer }, `${layer.path}/config.json`).invalid('in_features', `${width}, the width before it`);
}

/** Returns a layer's error, because callers that choose the pooling themselves don't need the layer. */
function keepError(error: unknown): WebVeraError {
  if (error instanceof WebVeraError) return error;
  throw error;
}

/** Describes the first unsupported module or folder in the list; undefined if there is none. */
function strangeModule([first, second, ...others]: readonly ModuleEntry[]): string | undefined {
  if (first?.type !== 'Transformer') return `a first module of the class ${first?.className ?? 'none'}`;
  if (first.path !== '') return `a Transformer in a folder of its own, ${first.path}`;
  if (second?.type !== 'Pooling') return `a second module of the class ${second?.className ?? 'none'}`;
  const other = others.find(({ type }) => !['Dense', 'Normalize', 'Dropout'].includes(type ?? ''));
  return other && `a module of the class ${other.className}`;
}

/** Pooling modes by their names in the files of sentence-transformers 5 and later. */
const MODES: ReadonlyMap<unknown, PoolingMode> = new Map([
  ['cls', 'first'],
  ['max', 'max'],
  ['mean', 'mean'],
  ['mean_sqrt_len_tokens', 'mean_sqrt_len_tokens'],
  ['weightedmean', 'weightedmean'],
  ['lasttoken', 'last'],
]);

/**
 * The pooling fields in files of releases before 5. If several fields are true, the vectors of their modes are concatenated in this order.
 */
const EARLIER_FIELDS: readonly (readonly [field: string, mode: PoolingMode])[] = [
  ['pooling_mode_cls_token', 'first'],
  ['pooling_mode_max_tokens', 'max'],
  ['pooling_mode_mean_tokens', 'mean'],
  ['pooling_mode_mean_sqrt_len_tokens', 'mean_sqrt_len_tokens'],
  ['pooling_mode_weightedmean_tokens', 'weightedmean'],
  ['pooling_mode_lasttoken', 'last'],
];

/**
 * Reads the config.json of a Pooling module. Returns undefined if the file is missing, such as when a visitor chose single files instead of
 * the folder.
 */
async function readPooling(
  source: FileSource,
  path: string,
  limits: SentenceLimits,
): Promise<PoolingSettings | undefined> {
  const file = `${path}/config.json`;
  const bytes = await readRareFile(source, file, limits.json);
  if (bytes === undefined) return undefined;
  const fields = new Fields(parseJsonObject(bytes, file, limits.json), file);
  const modes = fields.get('pooling_mode') === undefined ? earlierModes(fields) : namedModes(fields);
  return { pooling: { modes, normalize: false }, includesPrompt: fields.boolean('include_prompt', true) };
}

function namedModes(fields: Fields): readonly PoolingMode[] {
  const given = fields.get('pooling_mode');
  const names: readonly unknown[] = Array.isArray(given) ? given : [given];
  const modes = names.flatMap((name) => MODES.get(name) ?? []);
  if (modes.length === names.length && modes.length > 0 && modes.length <= MODES.size) return modes;
  throw fields.invalid('pooling_mode', `one or some of ${[...MODES.keys()].join(', ')}`);
}

/** Returns the modes whose fields are true, or the mean if no field is true. */
function earlierModes(fields: Fields): readonly PoolingMode[] {
  const modes = EARLIER_FIELDS.filter(([field]) => fields.boolean(field, false)).map(([, mode]) => mode);
  return modes.length === 0 ? ['mean'] : modes;
}

/** Describes the unsupported setting of a Normalize module, if it has one. Earlier releases wrote no file for such a module. */
async function strangeNormalize(source: FileSource, path: string, limits: SentenceLimits): Promise<string | undefined> {
  const file = `${path}/config.json`;
  const bytes = await readRareFile(source, file, limits.json);
  const json: JsonObject = bytes === undefined ? {} : parseJsonObject(bytes, file, limits.json);
  const other = otherVector(new Fields(json, file));
  return other && `a Normalize of ${other}`;
}

function invalid(message: string): WebVeraError {
  return new WebVeraError('invalid_format', `${MODULES_FILE}: ${message}`, {
    hint: 'Is this the modules.json of sentence-transformers?',
  });
}
