import { WebVeraError } from '../../core/errors/error';
import type { Shape } from '../../core/numbers/shape';
import { type AdapterFields, trainedBiases } from '../config/adapter_config';
import { taskHeads } from '../targets/targets';
import { savedName } from './pool_layout';

/** A tensor of the base model that an adapter trains. */
export interface TrainedTensor {
  /** The tensor's name in the base model, such as 'transformer.ln_f.weight'. A tied head trains as a separate tensor, 'lm_head.weight'. */
  readonly name: string;
  /** The tensor's name in PEFT's `adapter_model.safetensors`. */
  readonly savedKey: string;
  readonly shape: Shape;
  /** The configuration field that makes the tensor train: `bias`, or `modules_to_save`, which takes precedence. */
  readonly kind: 'bias' | 'module';
  /** The name in PEFT of the module in `modules_to_save`, if the tensor belongs to one of its submodules. */
  readonly root?: string;
}

/** The modules and weights of a base model, as an `Architecture` lists them. */
export interface TrainableModel {
  readonly modules: readonly { readonly name: string }[];
  readonly weights: readonly { readonly name: string; readonly shape: Shape }[];
  /** For each module without a weight in the file: the module whose weight it shares. */
  readonly tied: ReadonlyMap<string, string>;
}

/**
 * Returns the base model's tensors that an adapter trains in addition to its own parameters. `wrapped` are the modules that it wraps.
 * Biases come first, then the tensors of modules in `modules_to_save`, both in the model's order, with tied heads last. As in PEFT, an
 * entry of `modules_to_save` matches all modules whose names end with it, and their submodules: 'norm' matches 'input_layernorm', too.
 *
 * Throws `invalid_argument` for an entry that no module's name ends with, although PEFT ignores such entries. Entries that PEFT itself adds
 * for the task are allowed. Also throws if a wrapped module matches an entry.
 */
export function trainedTensors(
  config: AdapterFields,
  wrapped: Iterable<string>,
  { modules, weights, tied }: TrainableModel,
): readonly TrainedTensor[] {
  const wrappedModules = new Set(wrapped);
  const names = new Set([
    ...modules.map(({ name }) => name),
    ...weights.flatMap(({ name }) => pathTo(name)),
    ...tied.keys(),
  ]);
  const roots = modulesToSave(config, names);
  checkNotBoth(wrappedModules, roots);
  const shapes = new Map(weights.map(({ name, shape }) => [name, shape]));
  const biases = trainedBiases(config);
  const trained: TrainedTensor[] = [];
  for (const { name, shape } of weights) {
    const module = moduleOf(name);
    const isWrapped = wrappedModules.has(module);
    const root = pathTo(name).find((path) => roots.has(path));
    if (root !== undefined) {
      const outer = root === module ? {} : { root: savedName(root) };
      trained.push({ name, savedKey: savedName(name), shape, kind: 'module', ...outer });
    } else if (isBias(name) && (biases === 'all' || (biases === 'wrapped' && isWrapped))) {
      const savedKey = savedName(isWrapped ? `${module}.base_layer.bias` : name);
      trained.push({ name, savedKey, shape, kind: 'bias' });
    }
  }
  for (const [module, source] of tied) {
    const name = `${module}.weight`;
    const shape = shapes.get(`${source}.weight`);
    if (shape === undefined || !isBelow(name, roots)) continue;
    trained.push({ name, savedKey: savedName(name), shape, kind: 'module' });
  }
  return [...trained.filter(({ kind }) => kind === 'bias'), ...trained.filter(({ kind }) => kind === 'module')];
}

/**
 * Returns the modules whose names end with an entry of `modules_to_save`. Throws for an entry without a match, unless it is a head of the
 * task.
 */
function modulesToSave({ modules_to_save, task_type }: AdapterFields, names: ReadonlySet<string>): ReadonlySet<string> {
  const roots = new Set<string>();
  for (const entry of modules_to_save ?? []) {
    const matches = entry === '' ? [] : [...names].filter((name) => name.endsWith(entry));
    if (matches.length === 0 && !taskHeads(task_type).includes(entry)) throw noModule(entry, names);
    for (const name of matches) roots.add(name);
  }
  return roots;
}

function noModule(entry: string, names: ReadonlySet<string>): WebVeraError {
  const ends = new Set([...names].map((name) => name.slice(name.lastIndexOf('.') + 1)));
  const examples = [...ends].filter((end) => /^[a-z]/.test(end)).slice(-8);
  return new WebVeraError(
    'invalid_argument',
    `modules_to_save: expected names of modules or their ends, got ${JSON.stringify(entry)}, which no module's name ends with`,
    { hint: `Names end in ${examples.join(', ')}, among others.`, detail: { modules_to_save: entry } },
  );
}

function checkNotBoth(wrapped: ReadonlySet<string>, roots: ReadonlySet<string>): void {
  const both = [...wrapped].find((module) => isBelow(`${module}.weight`, roots));
  if (both === undefined) return;
  throw new WebVeraError(
    'invalid_argument',
    `modules_to_save: expected modules that the adapter doesn't wrap, got ${both}, which target_modules takes too`,
    {
      hint: 'modules_to_save takes every module whose name ends with an entry: name them more closely, or leave this module out of target_modules.',
      detail: { module: both },
    },
  );
}

function isBias(name: string): boolean {
  return name === 'bias' || name.endsWith('.bias');
}

function isBelow(tensor: string, roots: ReadonlySet<string>): boolean {
  return roots.size > 0 && pathTo(tensor).some((module) => roots.has(module));
}

function moduleOf(tensor: string): string {
  return tensor.slice(0, Math.max(0, tensor.lastIndexOf('.')));
}

/** Returns the modules that contain a tensor: 'a' and 'a.b' for 'a.b.weight'. */
function pathTo(tensor: string): string[] {
  const parts = tensor.split('.').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('.'));
}
