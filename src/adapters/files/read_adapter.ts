import { WebVeraError } from '../../core/errors/error';
import type { Warn } from '../../core/errors/warning';
import { type Shape, sameShape } from '../../core/numbers/shape';
import { defaultLimits, type ParserLimits } from '../../core/types/source';
import type { Tensor } from '../../core/types/tensor';
import { type RawTensor, readSafetensors } from '../../formats/tensors/safetensors';
import { LARGEST_VALUE } from '../config/largest_value';
import { type AdapterTensors, type ExpectedOther, type ExpectedTensors, otherParameter } from './adapter_tensors';
import { MODEL_FILE, toTensor } from './file_values';

interface ReadOptions {
  readonly limits?: ParserLimits;
  readonly warn?: Warn;
  /** Default 'default', which is PEFT's. */
  readonly adapter_name?: string;
}

type RawTensors = ReadonlyMap<string, RawTensor>;

/** How many names a warning lists. */
const SHOWN_NAMES = 4;

/**
 * Reads an adapter's tensors, of any float type, as float32. Unexpected tensors are left out, with a warning that names them.
 *
 * Throws `limit_exceeded` for files above `limits.adapter`, and `invalid_format`, with PEFT's text where it has one,
 * for malformed files, absent tensors, other shapes, and values that are not finite, or above 10^4 in
 * parameters and frozen tensors.
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
  const { parameters, others, base, rules } = expected;
  const raw = savedNames(readSafetensors(bytes, limits).tensors, expected, adapter_name);
  checkModules(raw, others);
  const frozen = rules.chooseFrozen(raw, warn);
  const required = new Map([...parameters, ...frozen]);
  const inTorch = torchNames(expected, adapter_name);
  checkPresent(raw, required, inTorch);
  warnOfMissingBiases(raw, others, warn);
  const trained = [...others].map(([name, { shape }]) => [name, shape] as const);
  const known = new Set([...required.keys(), ...others.keys(), ...rules.frozen]);
  const nameOf = (name: string): string => (known.has(name) ? inTorch(name) : name);
  checkShapes(raw, new Map([...base, ...required, ...trained]), nameOf);
  warnOfBase(raw, base, known, warn);
  warnOfOthers(raw, new Set([...known, ...base.keys()]), adapter_name, warn);
  const read = (names: Iterable<string>, largest: number): Map<string, Tensor> =>
    new Map([...names].map((name) => [name, toTensor(name, raw.get(name), largest)]));
  return {
    parameters: read(parameters.keys(), LARGEST_VALUE),
    frozen: read(frozen.keys(), LARGEST_VALUE),
    others: read(
      [...others.keys()].filter((name) => raw.has(name)),
      Number.POSITIVE_INFINITY,
    ),
  };
}

/**
 * Returns the tensors by the names that PEFT's files usually have. Since 0.21, PEFT also loads files whose tensor names still contain the
 * adapter's name.
 */
function savedNames(
  tensors: RawTensors,
  { parameters, others, rules, parameterName }: ExpectedTensors,
  adapter: string,
): RawTensors {
  const named = new Map<string, RawTensor>();
  const saved = new Map([
    ...[...parameters.keys()].map((name) => [parameterName(name, adapter), name] as const),
    ...[...others.keys(), ...rules.frozen].map((name) => [`${name}.${adapter}`, name] as const),
  ]);
  for (const [name, tensor] of tensors) {
    const known = saved.get(name);
    named.set(known !== undefined && !tensors.has(known) ? known : name, tensor);
  }
  return named;
}

/** Maps the saved names of tensors to torch's names. */
function torchNames(
  { parameters, others, parameterName }: ExpectedTensors,
  adapter: string,
): (saved: string) => string {
  return (saved) => {
    if (parameters.has(saved)) return parameterName(saved, adapter);
    const other = others.get(saved);
    return other === undefined ? `${saved}.${adapter}` : otherParameter(saved, other, adapter);
  };
}

/** Like PEFT, reports the first missing tensor of modules saved whole before it checks anything else. */
function checkModules(raw: RawTensors, others: ReadonlyMap<string, ExpectedOther>): void {
  const missing = [...others].flatMap(([name, { kind }]) => (kind === 'module' && !raw.has(name) ? [name] : []));
  if (missing.length === 0) return;
  throw new WebVeraError('invalid_format', `'${missing[0]}'`, {
    hint: `${MODEL_FILE} lacks tensors of modules that modules_to_save in adapter_config.json names.`,
    detail: { missing },
  });
}

function checkPresent(raw: RawTensors, required: ReadonlyMap<string, Shape>, inTorch: (saved: string) => string): void {
  const missing = [...required.keys()].filter((name) => !raw.has(name));
  if (missing.length === 0) return;
  throw new WebVeraError('invalid_format', missingKeys(missing.map(inTorch)), {
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

function checkShapes(raw: RawTensors, shapes: ReadonlyMap<string, Shape>, inTorch: (saved: string) => string): void {
  const mismatches = [...shapes].flatMap(([name, shape]) => {
    const tensor = raw.get(name);
    if (tensor === undefined || sameShape(tensor.shape, shape)) return [];
    return [
      `\n\tsize mismatch for ${inTorch(name)}: copying a param with shape ${torchSize(tensor.shape)} from checkpoint, ` +
        `the shape in current model is ${torchSize(shape)}.`,
    ];
  });
  if (mismatches.length === 0) return;
  throw new WebVeraError('invalid_format', `Error(s) in loading state_dict for PeftModel:${mismatches.join('')}`, {
    hint: 'Does the adapter belong to this model, and is r in adapter_config.json the one it was trained with?',
  });
}

/**
 * Warns of tensors of the base model in the file. PEFT loads them into the base model, but here adapters share it. `checkShapes` refuses
 * tensors of another shape.
 */
function warnOfBase(
  raw: RawTensors,
  base: ReadonlyMap<string, Shape>,
  known: ReadonlySet<string>,
  warn: Warn | undefined,
): void {
  const names = [...raw.keys()].filter((name) => base.has(name) && !known.has(name));
  if (names.length === 0) return;
  const message =
    `${MODEL_FILE}: left out weights of the base model, which PEFT loads into it: ${shownNames(names)}. If they were trained, ` +
    'results differ from PEFT’s: list their modules in modules_to_save there, and save the adapter again.';
  warn?.({ code: 'tensors_ignored', message });
}

function shownNames(names: readonly string[]): string {
  return [...names.slice(0, SHOWN_NAMES), ...(names.length > SHOWN_NAMES ? ['…'] : [])].join(', ');
}

/**
 * Warns of all other tensors. PEFT ignores them silently, although it writes some itself: the frozen weights of a wrapped head or
 * embedding.
 */
function warnOfOthers(raw: RawTensors, known: ReadonlySet<string>, adapter: string, warn: Warn | undefined): void {
  const isKnown = (name: string): boolean => known.has(name) || known.has(withoutWrapper(name, adapter));
  const extra = [...raw.keys()].filter((name) => !isKnown(name));
  if (extra.length === 0) return;
  const message = `${MODEL_FILE}: left out what is no part of this adapter, ${extra.length} of ${raw.size} tensors: ${shownNames(extra)}`;
  warn?.({ code: 'tensors_ignored', message });
}

/**
 * Returns a name without the parts that PEFT's wrapper adds. With the bias mode 'all', PEFT writes the biases of modules to save three
 * times: once under the name that counts, and twice under names of its wrapper, which are left out.
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
