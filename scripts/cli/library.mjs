// Functions that the commands share: they load the library, open the GPU and read common options.
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { modelAt } from '../finetune/inputs.mjs';
import { UsageError } from '../shared/options.mjs';

/** @typedef {import('../shared/options.mjs').Flags} Flags */

/** Matches the name of a repository on the hub, or of a GGUF file in a repository. */
const REPOSITORY = /^(\w[\w.-]*\/\w[\w.-]*)(?:\/([^/]+\.gguf))?$/;

export const DAWN_FLAG = /** @type {const} */ ({ type: 'string', multiple: true });

/** @param {number} column where the descriptions in the help text begin */
export const dawnHelp = (column) =>
  [
    `${'  --dawn FLAG'.padEnd(column)}passed on to Dawn, WebGPU for Node: adapter=NAME or`,
    `${''.padEnd(column)}backend=vulkan choose a device; may come several times`,
  ].join('\n');

/** Loads the library lazily: `inspect` and `--help` don't need it. */
export const loadLibrary = () => import('webvera/node');

/** @param {Flags} flags */
export async function openGpu({ dawn }) {
  const { openDawn } = await loadLibrary();
  return openDawn({ flags: Array.isArray(dawn) ? dawn.map(String) : [] });
}

/**
 * @param {string} flag
 * @param {Flags} flags
 * @param {string} what a description of the option, for the error message
 */
export function required(flag, flags, what) {
  const value = flags[flag];
  if (typeof value === 'string' && value !== '') return value;
  throw new UsageError(`--${flag} is missing: ${what}`);
}

/**
 * Returns the model that `--model` names: a folder or a GGUF file on this machine, or a repository on the hub or a GGUF file in it.
 * @param {Flags} flags
 * @returns {{ folder?: string, gguf_file?: string, repository?: string }}
 */
export function modelOf(flags) {
  const model = required('model', flags, 'a folder, or a name on the hub such as HuggingFaceTB/SmolLM2-135M');
  if (existsSync(model)) {
    const at = modelAt(resolve(model));
    if (statSync(at.folder).isDirectory()) return at;
    throw new UsageError(`--model: ${model} is a file; name its folder, or a .gguf file`);
  }
  const [, repository, gguf_file] = REPOSITORY.exec(model) ?? [];
  const isFile = model.endsWith('.gguf');
  if (repository !== undefined && isFile === (gguf_file !== undefined)) {
    return { repository, ...(gguf_file !== undefined && { gguf_file }) };
  }
  throw new UsageError(
    isFile
      ? `--model: there is no file ${model}; one of the hub has a name like org/name/file.gguf`
      : `--model: there is no folder ${model}; a model of the hub has a name like HuggingFaceTB/SmolLM2-135M, without ./`,
  );
}

/**
 * Returns the options of `from_pretrained` for repositories that aren't public: the token by which Hugging Face's Python libraries open them.
 * @returns {{ token?: () => string }}
 */
export function accessOf({ HF_TOKEN = '' } = process.env) {
  const token = HF_TOKEN.trim();
  return token === '' ? {} : { token: () => token };
}

/** @param {ReturnType<typeof modelOf>} model @returns {Promise<import('../../src/index').ModelSource>} */
export async function sourceOf({ folder, repository = '' }) {
  const { openFolder } = await loadLibrary();
  return folder === undefined ? repository : openFolder(folder);
}
