import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readArguments, UsageError } from '../shared/options.mjs';
import { printable } from '../shared/printable.mjs';
import { count, size } from '../shared/progress.mjs';
import { tableLines } from '../shared/table.mjs';
import { readHeader } from './safetensors.mjs';

export const HELP = `Tells what files hold, without a GPU.

  webvera inspect PATH

  PATH       a folder with an adapter, a model or a profile, or a safetensors or GGUF file
  --tensors  lists all tensors of a folder, too
  --json     one JSON document
  --help`;

const FLAGS = /** @type {const} */ ({ tensors: { type: 'boolean' }, json: { type: 'boolean' } });

/** @typedef {import('./safetensors.mjs').TensorEntry} TensorEntry */
/** @typedef {{ kind: string, facts: Readonly<Record<string, unknown>>, tensors: readonly TensorEntry[] }} Findings */

/** @param {readonly string[]} argv */
export async function main(argv) {
  const { values, positionals } = readArguments(argv, FLAGS, true);
  const [path, ...others] = positionals;
  if (path === undefined || others.length > 0) throw new UsageError(`expected one path, got ${positionals.length}`);
  if (!existsSync(path)) throw new UsageError(`there is no ${path}`);
  const isFolder = statSync(path).isDirectory();
  const findings = isFolder ? await inspectFolder(path) : await inspectFile(path);
  const listed = values.tensors === true || !isFolder ? findings.tensors : [];
  if (values.json === true) console.log(JSON.stringify({ ...findings, tensors: listed }, null, 2));
  else console.log(linesOf({ ...findings, tensors: listed }).join('\n'));
}

/** @param {string} path @returns {Promise<Findings>} */
async function inspectFile(path) {
  if (path.endsWith('.gguf')) {
    const { readGguf } = await import('./gguf.mjs');
    const { facts, tensors } = await readGguf(path);
    return { kind: `${basename(path)}, a GGUF file`, facts: { ...facts, ...sums(tensors) }, tensors };
  }
  const { tensors, metadata } = await readHeader(path);
  return { kind: `${basename(path)}, a safetensors file`, facts: { ...metadata, ...sums(tensors) }, tensors };
}

/** @param {string} folder @returns {Promise<Findings>} */
async function inspectFolder(folder) {
  const has = (/** @type {string} */ name) => existsSync(join(folder, name));
  if (has('adapter_config.json')) return inspectAdapter(folder);
  if (has('config.json')) return inspectModel(folder);
  throw new UsageError(`${folder} has neither adapter_config.json nor config.json`);
}

/** @param {string} folder @returns {Promise<Findings>} */
async function inspectAdapter(folder) {
  const config = readJson(join(folder, 'adapter_config.json'));
  const tensors = await tensorsIn(folder, 'adapter_model.safetensors');
  const of = (/** @type {RegExp} */ pattern) => tensors.filter(({ name }) => pattern.test(name));
  const [vectors, projections] = [of(/\.vera_lambda_[bd]$/), of(/\.vera_[AB](\.|$)/)];
  const rest = tensors.filter((tensor) => !vectors.includes(tensor) && !projections.includes(tensor));
  const isVera = config.peft_type === 'VERA';
  const stored = projections.length > 0 ? 'A and B are in the file' : `drawn from key ${config.projection_prng_key}`;
  return {
    kind: `an adapter: ${config.peft_type}`,
    facts: {
      base_model_name_or_path: config.base_model_name_or_path,
      task_type: config.task_type,
      r: config.r,
      target_modules: config.target_modules,
      ...(isVera && { projections: stored, bias: config.bias, modules_to_save: config.modules_to_save }),
      ...(isVera && { 'adapted modules': new Set(vectors.map(({ name }) => name.replace(/\.[^.]*$/, ''))).size }),
      ...(isVera && { 'trained values': valuesOf([...vectors, ...rest]) }),
      ...sums(tensors),
      ...profileFacts(folder),
    },
    tensors,
  };
}

/** @param {string} folder @returns {Promise<Findings>} */
async function inspectModel(folder) {
  const config = readJson(join(folder, 'config.json'));
  // As the library does, prefers the single file to shards, which may be left from before.
  const [single, index] = ['model.safetensors', 'model.safetensors.index.json'];
  const isSplit = !existsSync(join(folder, single)) && existsSync(join(folder, index));
  const shards = isSplit ? shardsIn(join(folder, index)) : [single];
  const tensors = (await Promise.all(shards.map((shard) => tensorsIn(folder, shard)))).flat();
  return {
    kind: `a model: ${config.model_type}`,
    facts: {
      architectures: config.architectures,
      layers: config.num_hidden_layers ?? config.n_layer,
      'hidden size': config.hidden_size ?? config.n_embd,
      vocabulary: config.vocab_size,
      files: shards.length,
      tokenizer: existsSync(join(folder, 'tokenizer.json')),
      ...sums(tensors),
    },
    tensors,
  };
}

/** @param {string} index */
function shardsIn(index) {
  /** @type {unknown[]} */
  const names = [...new Set(Object.values(Object(readJson(index).weight_map)))];
  return names.map((name) => {
    if (typeof name === 'string' && name === basename(name)) return name;
    throw new UsageError(`${index} names ${JSON.stringify(name)}, which is no file beside it`);
  });
}

/** Returns facts about the profile that `profile.export()` wrote beside an adapter; empty without one. @param {string} folder */
function profileFacts(folder) {
  const [examples, about] = ['examples.jsonl', 'profile.json'].map((name) => join(folder, name));
  if (about === undefined || examples === undefined || !readdirSync(folder).includes('profile.json')) return {};
  const { created_at, seen } = readJson(about);
  const kept = existsSync(examples) ? readFileSync(examples, 'utf8').split('\n').filter(Boolean).length : 0;
  return {
    'profile since': isTime(created_at) ? new Date(created_at).toISOString() : created_at,
    'examples seen': seen,
    'examples kept': kept,
  };
}

/** @param {string} folder @param {string} name */
async function tensorsIn(folder, name) {
  if (!existsSync(join(folder, name))) throw new UsageError(`${folder} has no ${name}`);
  return (await readHeader(join(folder, name))).tensors;
}

/** @param {string} path @returns {Record<string, unknown>} */
function readJson(path) {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // The error below reports invalid JSON too.
  }
  throw new UsageError(`${path} is no JSON object`);
}

/** @param {unknown} value @returns {value is number} whether `value` is a time in milliseconds */
function isTime(value) {
  return typeof value === 'number' && Number.isFinite(new Date(value).getTime());
}

/** @param {readonly TensorEntry[]} tensors */
function sums(tensors) {
  return {
    tensors: tensors.length,
    values: valuesOf(tensors),
    dtypes: [...new Set(tensors.map(({ dtype }) => dtype))].sort(),
    bytes: tensors.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** @param {readonly TensorEntry[]} tensors */
function valuesOf(tensors) {
  return tensors.reduce((sum, { shape }) => sum + shape.reduce((product, extent) => product * extent, 1), 0);
}

/** @param {Findings} findings */
function linesOf({ kind, facts, tensors }) {
  const told = Object.entries(facts).filter(([, value]) => value !== undefined && value !== null);
  const width = Math.max(...told.map(([name]) => name.length));
  const lines = told.map(([name, value]) => `  ${name.padEnd(width)}  ${inWords(name, value)}`);
  const rows = tensors.map(({ name, dtype, shape, bytes }) => [name, dtype, `[${shape.join(', ')}]`, size(bytes)]);
  return [kind, ...lines, ...(rows.length > 0 ? ['', ...tableLines(rows)] : [])].map(printable);
}

/** Returns a fact's value as it is printed. @param {string} name @param {unknown} value */
export function inWords(name, value) {
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number' && Number.isInteger(value)) return name === 'bytes' ? size(value) : count(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
