// Checks the inputs of a fine-tuning run before a browser or the GPU is opened.
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UsageError } from '../shared/options.mjs';
import { SHORTEST_TEXT } from './split_text.mjs';

/** The files of weights that the library reads: these, or their shards with an index. */
const WEIGHTS = ['model.safetensors', 'pytorch_model.bin'];

/** @typedef {{ folder: string, gguf_file?: string }} ModelAt a model's folder, or one GGUF file in a folder */

/** @param {string} path @returns {ModelAt} */
export function modelAt(path) {
  return path.endsWith('.gguf') ? { folder: dirname(path), gguf_file: basename(path) } : { folder: path };
}

/** @param {ModelAt} model */
export function checkModel({ folder, gguf_file }) {
  if (gguf_file !== undefined) {
    if (existsSync(join(folder, gguf_file))) return;
    throw new UsageError(`--model: there is no file ${join(folder, gguf_file)}`);
  }
  const has = (/** @type {string} */ name) => existsSync(join(folder, name));
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw new UsageError(`--model: there is no folder ${folder}`);
  const missing = ['config.json', 'tokenizer.json'].filter((name) => !has(name));
  if (!WEIGHTS.some((name) => has(name) || has(`${name}.index.json`))) missing.push('model.safetensors');
  if (missing.length === 0) return;
  const gguf = readdirSync(folder).find((name) => name.endsWith('.gguf'));
  const advice = gguf === undefined ? '' : `. Or name the GGUF file: --model ${join(folder, gguf)}`;
  throw new UsageError(`--model: ${folder} has no ${missing.join(', ')}${advice}`);
}

/**
 * Returns the mounts with which a server offers a model's folder at `/model/`. In the cache of Hugging Face's libraries, files of a folder
 * are links to files outside of it, which are mounted one by one.
 * @param {string} folder
 * @returns {Record<string, string>}
 */
export function modelMounts(folder) {
  const links = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isSymbolicLink());
  return {
    '/model/': folder,
    ...Object.fromEntries(links.map(({ name }) => [`/model/${name}`, join(folder, name)])),
  };
}

/**
 * Reads a text and turns `\r\n` and `\r` into `\n`, as the library does. Otherwise the number of held-out tokens and the paragraphs between
 * which the text is split would differ from the library's.
 * @param {string} file
 * @returns {string}
 */
export function readText(file) {
  let bytes;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const why = missing ? `there is no file ${file}; is its path right, and its name spelt so?` : `cannot read ${file}`;
    throw new UsageError(`--text: ${why}`);
  }
  let text;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).replaceAll(/\r\n?/g, '\n');
  } catch {
    throw new UsageError(`--text: ${file} is not a UTF-8 text`);
  }
  if (text.length >= SHORTEST_TEXT) return text;
  throw new UsageError(
    `--text: ${file} has ${text.length} characters; to train and to measure takes ${SHORTEST_TEXT} or more`,
  );
}

/**
 * @param {string} how default, tuned, or the path of an earlier run.json
 * @returns {unknown} the option `kernels` of a session, which checks it
 */
export function readKernels(how) {
  if (how === 'default' || how === 'tuned') return how;
  let run;
  try {
    run = JSON.parse(readFileSync(how, 'utf8'));
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new UsageError(
      `--kernels: ${missing ? 'there is no file' : 'expected default, tuned or a run.json, got'} ${how}`,
    );
  }
  if (typeof run?.kernels === 'object' && run.kernels !== null) return run.kernels;
  throw new UsageError(`--kernels: ${how} says nothing of kernels; a run.json of this command does`);
}

/** @param {string} folder */
export function prepareFolder(folder) {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch {
    throw new UsageError(`--out: cannot write to the folder ${folder}`);
  }
}
