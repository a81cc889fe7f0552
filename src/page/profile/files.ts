import { VeraConfig, type VeraConfigInit } from '../../adapters/config';
import { WebVeraError } from '../../core/error';
import type { AdapterFiles } from '../../core/model';
import type { Example } from '../../core/training';
import { exampleFields } from '../feed';
import { wrong } from '../options';
import { resolveTrainingArguments } from '../training_arguments';
import { type KeptExample, keepFairly, toJsonLines } from './examples';
import type { ProfileHost } from './host';
import { expectBase, freshState, MOST_EXAMPLES, vectorsAlone } from './open';
import { count, fieldsOf, filesOf, list, type ProfileState, plain, readRecord, vectorsOf } from './record';
import { adapterName, type ProfileShelf } from './shelf';
import type { ProfileOptions } from './types';

const CONFIG = 'adapter_config.json';
const MODEL = 'adapter_model.safetensors';
const EXAMPLES = 'examples.jsonl';
const ABOUT = 'profile.json';
/** Bytes at most. */
const LIMITS = { [CONFIG]: 2 ** 20, [EXAMPLES]: 2 ** 26, [ABOUT]: 2 ** 22 } as const;
const VERSION = 1;

export function exportFiles(state: ProfileState, kept: readonly KeptExample[]): ReadonlyMap<string, Blob> {
  const { base, base_model, created_at, seed, seen, settings, history } = state;
  const arrivals = kept.map(({ n }) => n);
  const about = { webvera_profile: VERSION, base, base_model, created_at, seed, seen, settings, history, arrivals };
  return new Map([
    ...Object.entries(filesOf(state.vectors)),
    [EXAMPLES, new Blob([toJsonLines(kept.map(({ example }) => example))], { type: 'application/jsonl' })],
    [ABOUT, new Blob([`${JSON.stringify(about, null, 2)}\n`], { type: 'application/json' })],
  ]);
}

/** Stores a profile from its files, and puts its adapter on the model. Whatever fails, nothing has changed. */
export async function importStored(
  host: ProfileHost,
  shelf: ProfileShelf,
  files: ReadonlyMap<string, Blob>,
  options: ProfileOptions,
): Promise<ProfileState> {
  if ((await shelf.read()) !== undefined) throw inUse(shelf.id);
  const { adapter, imported, examples } = await readFiles(files, await host.identity());
  const name = adapterName(shelf.id, 0);
  try {
    await host.place(name, adapter);
    const vectors = await vectorsOf(await host.read(name));
    const { args = imported.settings.args, max_examples, keep_examples } = options;
    resolveTrainingArguments(args);
    const settings = {
      ...imported.settings,
      args,
      max_examples: max_examples ?? imported.settings.max_examples,
      keep_examples: keep_examples ?? imported.settings.keep_examples,
    };
    const fresh = freshState({ base: await host.identity(), base_model: imported.base_model, vectors, settings });
    const kept = keepFairly(examples, [], { seed: fresh.seed, seen: 0, most: settings.max_examples });
    const example_bytes = new TextEncoder().encode(toJsonLines(kept.map(({ example }) => example))).length;
    const { seed = fresh.seed, seen, history } = imported;
    const state = { ...fresh, seed, seen, history, kept: kept.length, example_bytes };
    await shelf.change(async (stored) => {
      options.signal?.throwIfAborted();
      if (stored === undefined) return { state, examples: kept };
      throw inUse(shelf.id);
    });
    return state;
  } catch (error) {
    await host.remove(name).catch(() => {}); // the first error tells
    throw error;
  }
}

type Imported = Pick<ProfileState, 'base_model' | 'seen' | 'history' | 'settings'> & { readonly seed?: number };

async function readFiles(
  files: ReadonlyMap<string, Blob>,
  base: string,
): Promise<{ readonly adapter: AdapterFiles; readonly imported: Imported; readonly examples: KeptExample[] }> {
  if (!(files instanceof Map)) throw wrong('Profile.import: files', 'a Map of Blobs by file name', files);
  const blob = (name: string): Blob => {
    const file: unknown = files.get(name);
    if (file instanceof Blob) return file;
    throw new WebVeraError('invalid_format', `Profile.import: expected a file ${name}, got none`, {
      hint: "Pass what profile.export() gave, or PEFT's two files.",
    });
  };
  const adapter = { [CONFIG]: blob(CONFIG), [MODEL]: blob(MODEL) };
  const config = vectorsAlone(VeraConfig.from_json(parse(await textOf(CONFIG, adapter[CONFIG]), CONFIG)));
  const lines = files.has(EXAMPLES) ? linesOf(await textOf(EXAMPLES, blob(EXAMPLES))) : [];
  if (!files.has(ABOUT)) {
    const { base_model_name_or_path: base_model } = config;
    const settings = { peft_config: initOf(config), args: {}, max_examples: MOST_EXAMPLES, keep_examples: true };
    const examples = lines.map((example, n) => ({ n, example }));
    return { adapter, imported: { base_model, seen: lines.length, history: [], settings }, examples };
  }
  const about = fieldsOf(parse(await textOf(ABOUT, blob(ABOUT)), ABOUT), ABOUT);
  if (about.get('webvera_profile') !== VERSION) throw about.invalid('webvera_profile', `${VERSION}`);
  const arrivals = list(about, 'arrivals');
  if (arrivals.length !== lines.length) throw about.invalid('arrivals', `${lines.length} numbers, as ${EXAMPLES} has`);
  const settings = fieldsOf(about.get('settings'), `${ABOUT}: settings`);
  const imported = {
    base_model: about.optionalString('base_model') ?? null,
    seed: count(about, 'seed'),
    seen: count(about, 'seen'),
    history: list(about, 'history').map(readRecord),
    settings: {
      peft_config: initOf(config),
      args: plain(settings, 'args'),
      max_examples: settings.positiveInteger('max_examples', { max: 100_000 }),
      keep_examples: settings.boolean('keep_examples', true),
    },
  };
  expectBase({ base: about.string('base'), base_model: imported.base_model }, base);
  const examples = lines.map((example, index) => {
    const n = arrivals[index];
    if (typeof n === 'number' && Number.isSafeInteger(n) && n >= 0) return { n, example };
    throw about.invalid('arrivals', 'integers from 0');
  });
  return { adapter, imported, examples };
}

export function inUse(id: string): WebVeraError {
  return wrong('Profile.import: id', 'one that is not in use', id, 'Forget that profile first, or take another id.');
}

/** What a profile's configuration is told by. */
function initOf(config: VeraConfig): VeraConfigInit {
  const { r, target_modules, projection_prng_key, save_projection, vera_dropout, d_initial } = config;
  return { r, target_modules, projection_prng_key, save_projection, vera_dropout, d_initial };
}

function linesOf(text: string): Example[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line, index) => {
    const where = `${EXAMPLES}: line ${index + 1}`;
    return exampleFields(where, parse(line, where));
  });
}

async function textOf(name: keyof typeof LIMITS, blob: Blob): Promise<string> {
  if (blob.size <= LIMITS[name]) return blob.text();
  throw new WebVeraError('limit_exceeded', `${name}: expected at most ${LIMITS[name]} bytes, got ${blob.size}`);
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new WebVeraError('invalid_format', `${where}: expected JSON, got something else`, { cause: error });
  }
}
