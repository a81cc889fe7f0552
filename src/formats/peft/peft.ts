import { LARGEST_VALUE, VeraConfig } from '../../adapters/vera/config';
import { WebVeraError } from '../../core/errors/error';
import type { Warn } from '../../core/errors/warning';
import type { Shape } from '../../core/numbers/shape';
import { sameShape } from '../../core/numbers/shape';
import { defaultLimits, type ParserLimits } from '../../core/types/source';
import type { Tensor } from '../../core/types/tensor';
import { parseJsonObject } from '../json';
import { pythonJson } from '../python_json';
import { type RawTensor, readSafetensors } from '../tensors/safetensors';
import { writeTensors } from '../tensors/tensors';
import { expectWritable, MODEL_FILE, toTensor, VERA_A, VERA_B } from './peft_values';

/** What an `adapter_model.safetensors` of VeRA holds. */
export interface AdapterTensors {
  /** λ_b (out) and λ_d (r) of each module, under the names that PEFT saves them by. */
  readonly vectors: ReadonlyMap<string, Float32Array>;
  /** A (r, in) and B (out, r), where they are saved. */
  readonly projections: { readonly A: Tensor; readonly B: Tensor } | undefined;
  /** Trained biases, and modules that are saved whole. */
  readonly others: ReadonlyMap<string, Tensor>;
}

/** What a model and a configuration expect of the file. */
export interface ExpectedTensors {
  readonly save_projection: boolean;
  readonly r: number;
  /** The features that the wrapped modules need of A and B. Matrices in a file may have more. */
  readonly max_in: number;
  readonly max_out: number;
  /** Lengths of λ by saved name, in the model's order. All must be there. */
  readonly vectors: ReadonlyMap<string, Shape>;
  /** What trains beside them, by saved name. Default: nothing. */
  readonly others?: ReadonlyMap<string, ExpectedOther>;
}

export interface ExpectedOther {
  readonly shape: Shape;
  /** A trained bias may be absent, as PEFT up to 0.20.0 wrote none; a tensor of a module saved whole must be there. */
  readonly kind: 'bias' | 'module';
  /** The module that is saved whole, where the tensor's own is only a part of it. */
  readonly root?: string;
}

interface ReadOptions {
  readonly limits?: ParserLimits;
  readonly warn?: Warn;
  /** Default 'default', which is PEFT's. */
  readonly adapter_name?: string;
}

/** How many names a warning lists. */
const SHOWN_NAMES = 4;

/** The bytes of `adapter_config.json` as PEFT writes it. */
export function writeAdapterConfig(config: VeraConfig): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(pythonJson(config.to_json(), ['d_initial', 'vera_dropout']));
}

/** Throws `limit_exceeded`, `invalid_format`, and `invalid_argument` for values that no adapter can have. */
export function readAdapterConfig(
  bytes: Uint8Array,
  { limits = defaultLimits, warn = () => {} }: ReadOptions = {},
): VeraConfig {
  const json = parseJsonObject(bytes, 'adapter_config.json', limits.json);
  return VeraConfig.from_json(json, { warn });
}

/**
 * The bytes of `adapter_model.safetensors` as PEFT writes it: float32, sorted by name. Throws `numerical_error` for values that
 * `readAdapterModel` refuses.
 */
export function writeAdapterModel({ vectors, projections, others }: AdapterTensors): Uint8Array<ArrayBuffer> {
  const tensors: [string, Tensor][] = [...vectors].map(([name, data]) => [name, { dims: [data.length], data }]);
  if (projections !== undefined) tensors.push([VERA_A, projections.A], [VERA_B, projections.B]);
  for (const [name, { data }] of tensors) expectWritable(name, data, LARGEST_VALUE);
  for (const [name, { data }] of others) expectWritable(name, data, Number.POSITIVE_INFINITY);
  return writeTensors([...tensors, ...others]);
}

/** The name of one of VeRA's vectors in torch's `named_parameters()`. PEFT saves it without that of the adapter. */
export function vectorParameter(saved: string, adapter: string): string {
  return `${saved}.${adapter}`;
}

/** The same of another tensor that trains. */
export function otherParameter(
  saved: string,
  { kind, root = saved.slice(0, saved.lastIndexOf('.')) }: Omit<ExpectedOther, 'shape'>,
  adapter: string,
): string {
  return kind === 'bias' ? saved : `${root}.modules_to_save.${adapter}${saved.slice(root.length)}`;
}

/**
 * Reads an adapter's tensors, of any float type, as float32. Projections in the file are used if the configuration
 * says that they are saved, and decide the shapes; otherwise they are left, with PEFT's warning.
 *
 * Tensors that nobody expects are left out, with a warning that names them.
 *
 * Throws `limit_exceeded` for files above `limits.adapter`, and `invalid_format`, with PEFT's text where it has one,
 * for malformed files, absent tensors, other shapes, and values that are not finite, or above 10^4 in
 * vectors and projections.
 */
export function readAdapterModel(
  bytes: Uint8Array,
  expected: ExpectedTensors,
  { limits = defaultLimits, warn, adapter_name = 'default' }: ReadOptions = {},
): AdapterTensors {
  if (bytes.length > limits.adapter) {
    throw new WebVeraError(
      'limit_exceeded',
      `${MODEL_FILE}: expected at most ${limits.adapter} bytes, got ${bytes.length}`,
      {
        hint: 'If you trust the file, raise the limit in SessionOptions.limits.',
      },
    );
  }
  const others = expected.others ?? new Map<string, ExpectedOther>();
  const raw = savedNames(readSafetensors(bytes, limits).tensors, expected, adapter_name);
  checkModules(raw, others);
  const useProjections = choosesProjections(raw, expected, warn);
  const projectionShapes = useProjections ? shapesInFile(raw, expected) : new Map<string, Shape>();
  const required = new Map<string, Shape>([...expected.vectors, ...projectionShapes]);
  checkPresent(raw, required, adapter_name);
  warnOfMissingBiases(raw, others, warn);
  checkShapes(raw, required, others, adapter_name);
  warnOfOthers(raw, new Set([...required.keys(), ...others.keys(), VERA_A, VERA_B]), adapter_name, warn);
  const read = (name: string, largest = LARGEST_VALUE): Tensor => toTensor(name, raw.get(name), largest);
  const readOther = (name: string): Tensor => read(name, Number.POSITIVE_INFINITY);
  return {
    vectors: new Map([...expected.vectors.keys()].map((name) => [name, read(name).data])),
    projections: useProjections ? { A: read(VERA_A), B: read(VERA_B) } : undefined,
    others: new Map([...others.keys()].filter((name) => raw.has(name)).map((name) => [name, readOther(name)])),
  };
}

type RawTensors = ReadonlyMap<string, RawTensor>;

/** PEFT also loads, since 0.21, files in which the adapter's name was left at the end of the names. */
function savedNames(tensors: RawTensors, expected: ExpectedTensors, adapter: string): RawTensors {
  const known = new Set([...expected.vectors.keys(), ...(expected.others?.keys() ?? []), VERA_A, VERA_B]);
  const suffix = `.${adapter}`;
  const named = new Map<string, RawTensor>();
  for (const [name, tensor] of tensors) {
    const stripped = name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
    named.set(known.has(stripped) && !tensors.has(stripped) ? stripped : name, tensor);
  }
  return named;
}

export function choosesProjections(
  raw: RawTensors,
  { save_projection }: Pick<ExpectedTensors, 'save_projection'>,
  warn: Warn | undefined,
): boolean {
  const present = raw.has(VERA_A) && raw.has(VERA_B);
  if (save_projection && !present) {
    // PEFT keeps its own B when only B is missing; a file with half of the pair is damaged all the same.
    throw new WebVeraError(
      'invalid_format',
      'Specified to load vera_A and vera_B from state dictionary however they were not present!',
      { hint: 'Set save_projection to false in adapter_config.json to draw them from projection_prng_key instead.' },
    );
  }
  if (!save_projection) {
    warn?.(
      raw.has(VERA_A) || raw.has(VERA_B)
        ? { code: 'projection_ignored', message: PROJECTION_IGNORED }
        : { code: 'projection_drawn', message: PROJECTION_DRAWN },
    );
  }
  return save_projection;
}

/** The shapes that A and B must have: r as configured, features as in the file unless they are too few. */
function shapesInFile(raw: RawTensors, { r, max_in, max_out }: ExpectedTensors): Map<string, Shape> {
  const columns = raw.get(VERA_A)?.shape[1] ?? 0;
  const rows = raw.get(VERA_B)?.shape[0] ?? 0;
  return new Map([
    [VERA_A, [r, Math.max(columns, max_in)]],
    [VERA_B, [Math.max(rows, max_out), r]],
  ]);
}

/** PEFT stops at the first of them, before it looks at anything else. */
function checkModules(raw: RawTensors, others: ReadonlyMap<string, ExpectedOther>): void {
  const missing = [...others].flatMap(([name, { kind }]) => (kind === 'module' && !raw.has(name) ? [name] : []));
  if (missing.length === 0) return;
  throw new WebVeraError('invalid_format', `'${missing[0]}'`, {
    hint: `${MODEL_FILE} lacks tensors of modules that modules_to_save in adapter_config.json names.`,
    detail: { missing },
  });
}

function checkPresent(raw: RawTensors, required: ReadonlyMap<string, Shape>, adapter: string): void {
  const missing = [...required.keys()].filter((name) => !raw.has(name));
  if (missing.length === 0) return;
  throw new WebVeraError('invalid_format', missingKeys(missing.map((name) => `${name}.${adapter}`)), {
    hint: 'Was the adapter trained on this model, with these target_modules?',
    detail: { missing },
  });
}

function warnOfMissingBiases(
  raw: RawTensors,
  others: ReadonlyMap<string, ExpectedOther>,
  warn: Warn | undefined,
): void {
  const missing = [...others.keys()].filter((name) => !raw.has(name));
  if (missing.length > 0) warn?.({ code: 'missing_biases', message: missingKeys(missing) });
}

function missingKeys(names: readonly string[]): string {
  const quoted = names.map((name) => `'${name}'`);
  return `Found missing adapter keys while loading the checkpoint: [${quoted.join(', ')}].`;
}

function checkShapes(
  raw: RawTensors,
  required: ReadonlyMap<string, Shape>,
  others: ReadonlyMap<string, ExpectedOther>,
  adapter: string,
): void {
  const parameters: [name: string, parameter: string, shape: Shape][] = [
    ...[...required].map(([name, shape]): [string, string, Shape] => [name, vectorParameter(name, adapter), shape]),
    ...[...others].map(([name, other]): [string, string, Shape] => [
      name,
      otherParameter(name, other, adapter),
      other.shape,
    ]),
  ];
  const mismatches: string[] = [];
  for (const [name, parameter, shape] of parameters) {
    const tensor = raw.get(name);
    if (tensor === undefined || sameShape(tensor.shape, shape)) continue;
    mismatches.push(
      `\n\tsize mismatch for ${parameter}: copying a param with shape ${torchSize(tensor.shape)} from checkpoint, ` +
        `the shape in current model is ${torchSize(shape)}.`,
    );
  }
  if (mismatches.length === 0) return;
  throw new WebVeraError('invalid_format', `Error(s) in loading state_dict for PeftModel:${mismatches.join('')}`, {
    hint: 'Does the adapter belong to this model, and is r in adapter_config.json the one it was trained with?',
  });
}

/** PEFT passes over them without a word. It writes some itself: frozen weights of a head or an embedding that is wrapped. */
function warnOfOthers(raw: RawTensors, known: ReadonlySet<string>, adapter: string, warn: Warn | undefined): void {
  const isKnown = (name: string): boolean => known.has(name) || known.has(withoutWrapper(name, adapter));
  const extra = [...raw.keys()].filter((name) => !isKnown(name));
  if (extra.length === 0) return;
  const shown = [...extra.slice(0, SHOWN_NAMES), ...(extra.length > SHOWN_NAMES ? ['…'] : [])].join(', ');
  const message = `${MODEL_FILE}: left out what is no part of this adapter, ${extra.length} of ${raw.size} tensors: ${shown}`;
  warn?.({ code: 'tensors_ignored', message });
}

/**
 * With the bias mode 'all', PEFT writes the biases of modules to save three times: the one that counts, and two under
 * the names of its wrapper, which are left.
 */
function withoutWrapper(name: string, adapter: string): string {
  return [`.modules_to_save.${adapter}.`, '.modules_to_save.', '.original_module.'].reduce(
    (short, wrapper) => short.replace(wrapper, '.'),
    name,
  );
}

function torchSize(shape: Shape): string {
  return `torch.Size([${shape.join(', ')}])`;
}

const PROJECTION_IGNORED =
  'Specified to not load vera_A and vera_B from state dictionary however they are present in state dictionary! ' +
  'Consider using them to ensure checkpoint loading is correct on all platforms using ' +
  '`peft_config.save_projection = True`';
const PROJECTION_DRAWN =
  'Specified to not load vera_A and vera_B from state dictionary. This means we will be relying on PRNG ' +
  'initialisation to restore these projections using `config.projection_prng_key`, which may not be accurate on all ' +
  'system configurations.';
