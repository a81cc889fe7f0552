import type { ModelSource } from 'webvera';
import { ChoiceProblem } from './choice_problem';

export interface NamedSource {
  readonly name: string;
  readonly source: ModelSource;
  /** The GGUF file that holds the whole model. */
  readonly gguf_file?: string;
  /** The voices (adapters that write in somebody's style) that ship with the page for this model. */
  readonly voices?: ShippedVoices;
}

/** A model's voices: `folder` holds a folder for each voice, and `bytes` is the size of one voice. */
export interface ShippedVoices {
  readonly folder: URL;
  readonly bytes: number;
}

export const bundledModel: NamedSource = {
  name: 'prose-1.4M',
  source: new URL('models/prose-1.4M/', document.baseURI),
  voices: { folder: new URL('voices/', document.baseURI), bytes: 50_168 },
};

/** Finds a model in chosen files. Throws `ChoiceProblem` if a file is missing, or if there are several GGUF files. */
export function modelFromFiles(files: readonly File[], folder: string | undefined): NamedSource {
  const named = new Map(files.map((file) => [file.name, file] as const));
  const gguf = files.filter((file) => file.name.endsWith('.gguf'));
  if (gguf.length > 1) throw new ChoiceProblem('Choose one .gguf file: each is a whole model.');
  const [whole] = gguf;
  if (whole !== undefined) {
    return { name: whole.name.replace(/\.gguf$/, ''), source: { files: named }, gguf_file: whole.name };
  }
  const weights = files.filter((file) => file.name.endsWith('.safetensors'));
  const missing = [
    named.has('config.json') ? undefined : 'config.json',
    weights.length > 0 ? undefined : 'a .safetensors file',
    named.has('tokenizer.json') ? undefined : 'tokenizer.json',
  ].filter((part) => part !== undefined);
  if (missing.length > 0) {
    const list = new Intl.ListFormat('en').format(missing);
    throw new ChoiceProblem(`Missing for a model: ${list}. Choose all of its files together.`);
  }
  // The library expects this name for a single file of weights.
  const [only] = weights;
  if (weights.length === 1 && only !== undefined) named.set('model.safetensors', only);
  const name = folder ?? only?.name.replace(/\.safetensors$/, '') ?? 'model';
  return { name: name === 'model' ? 'your model' : name, source: { files: named } };
}

export interface AdapterChoice {
  readonly 'adapter_config.json': File;
  readonly 'adapter_model.safetensors': File;
}

/** Finds an adapter's two files among `files`. Throws `ChoiceProblem` if one is missing, or if there are several adapters. */
export function adapterFromFiles(files: readonly File[]): AdapterChoice {
  const json = onlyOne(files, 'adapter_config', '.json');
  const tensors = onlyOne(files, 'adapter_model', '.safetensors');
  if (json === undefined || tensors === undefined) {
    throw new ChoiceProblem('Choose the two files of one adapter: adapter_config.json and adapter_model.safetensors.');
  }
  return { 'adapter_config.json': json, 'adapter_model.safetensors': tensors };
}

/**
 * Returns the only file whose name has this beginning and ending. Browsers rename downloads to “… (1).json”. If no name has the beginning,
 * returns the only file with the ending.
 */
function onlyOne(files: readonly File[], beginning: string, ending: string): File | undefined {
  const ended = files.filter(({ name }) => name.endsWith(ending));
  const named = ended.filter(({ name }) => name.startsWith(beginning));
  const [one, another] = named.length > 0 ? named : ended;
  return another === undefined ? one : undefined;
}

/** Returns `name`, or the first free name of “name 2”, “name 3” … */
export function freeName(name: string, taken: readonly string[]): string {
  if (!taken.includes(name)) return name;
  let number = 2;
  while (taken.includes(`${name} ${number}`)) number++;
  return `${name} ${number}`;
}
