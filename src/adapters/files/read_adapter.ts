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
  /** The adapter's name, for tensor names that contain it and for messages. Default 'default', as in PEFT. */
  readonly adapter_name?: string;
}

type RawTensors = ReadonlyMap<string, RawTensor>;

/** The maximum number of tensor names in a warning. */
const SHOWN_NAMES = 4;

/**
 * Reads an adapter's tensors, of any float type, as float32. Ignores unexpected tensors, with a warning that names them.
 *
 * Throws `limit_exceeded` for a file larger than `limits.adapter`. Throws `invalid_format`, with PEFT's message where PEFT has one, for a
 * malformed file, missing tensors, wrong shapes, values that aren't finite, and parameters or frozen values above 10^4.
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
  const mismatches = mismatchesIn(raw, new Map([...base, ...required, ...trained]));
  if (mismatches.length > 0)
    throw wrongShapes(
      mismatches,
      nameOf,
      mismatches.some(({ name }) => required.has(name)),
    );
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
 * Renames tensors to the names that PEFT gives them in a saved adapter. Since 0.21, PEFT also loads files that use the names of torch's
 * `state_dict()`, with or without the adapter's name.
 */
function savedNames(
  tensors: RawTensors,
  { parameters, others, rules, parameterName }: ExpectedTensors,
  adapter: string,
): RawTensors {
  const named = new Map<string, RawTensor>();
  const saved = new Map([
    ...[...parameters.keys()].flatMap((name) => [
      [parameterName(name, adapter), name] as const,
      [parameterName(name, '').replace(/\.(?=\.|$)/, ''), name] as const,
    ]),
    ...[...others.keys(), ...rules.frozen].map((name) => [`${name}.${adapter}`, name] as const),
  ]);
  for (const [name, tensor] of tensors) {
    const known = saved.get(name);
    named.set(known !== undefined && !tensors.has(known) ? known : name, tensor);
  }
  return named;
}

/** Returns a function that maps the name of a saved tensor to its name in torch's `state_dict()`. */
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

/** Throws PEFT's error for the first missing tensor of `modules_to_save`. As in PEFT, these tensors are checked before all others. */
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

/** A tensor whose shape isn't the model's. */
interface Mismatch {
  readonly name: string;
  readonly got: Shape;
  readonly expected: Shape;
}

function mismatchesIn(raw: RawTensors, shapes: ReadonlyMap<string, Shape>): readonly Mismatch[] {
  return [...shapes].flatMap(([name, expected]) => {
    const got = raw.get(name)?.shape ?? expected;
    return sameShape(got, expected) ? [] : [{ name, got, expected }];
  });
}

/** Returns PEFT's error for wrong shapes. `isOwn`: whether some of the tensors are the adapter's parameters or frozen tensors. */
function wrongShapes(
  mismatches: readonly Mismatch[],
  inTorch: (saved: string) => string,
  isOwn: boolean,
): WebVeraError {
  const lines = mismatches.map(
    ({ name, got, expected }) =>
      `\n\tsize mismatch for ${inTorch(name)}: copying a param with shape ${torchSize(got)} from checkpoint, ` +
      `the shape in current model is ${torchSize(expected)}.`,
  );
  const message = `Error(s) in loading state_dict for PeftModel:${lines.join('')}`;
  if (isOwn) {
    return new WebVeraError('invalid_format', message, {
      hint: 'Does the adapter belong to this model, and is r in adapter_config.json the one it was trained with?',
    });
  }
  const [head] = mismatches.every(isHeadOfOtherLabels) ? mismatches : [];
  if (head !== undefined) {
    return new WebVeraError('invalid_format', message, {
      hint: `Load the base model with num_labels: ${head.got[0]}, as the adapter's head was trained, and with ignore_mismatched_sizes: true if the model has a head of its own.`,
    });
  }
  return new WebVeraError('invalid_format', message, {
    hint: "The adapter's base model has other sizes, as after its vocabulary was resized: load a base with the sizes in the file.",
  });
}

/** Whether the tensor belongs to a classification head and differs from the expected shape only in the number of labels. */
function isHeadOfOtherLabels({ name, got, expected }: Mismatch): boolean {
  const isHead = /\.(classifier|score)\./.test(name) && got.length > 0;
  return isHead && got.length === expected.length && sameShape(got.slice(1), expected.slice(1));
}

/**
 * Warns about tensors of the base model in the file. PEFT loads them into the base model. webvera ignores them, because the other adapters
 * on the model use the same weights. If their shapes are wrong, `checkShapes` throws.
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
 * Warns about tensors that belong neither to the adapter nor to the base model. PEFT ignores such tensors silently. It even saves some:
 * the frozen weights of a wrapped head or embedding.
 */
function warnOfOthers(raw: RawTensors, known: ReadonlySet<string>, adapter: string, warn: Warn | undefined): void {
  const isKnown = (name: string): boolean => known.has(name) || known.has(withoutWrapper(name, adapter));
  const extra = [...raw.keys()].filter((name) => !isKnown(name));
  if (extra.length === 0) return;
  const message = `${MODEL_FILE}: left out what is no part of this adapter, ${extra.length} of ${raw.size} tensors: ${shownNames(extra)}`;
  warn?.({ code: 'tensors_ignored', message });
}

/**
 * Removes the parts of a tensor's name that PEFT's wrapper of `modules_to_save` adds. With `bias: 'all'`, PEFT saves each bias of such
 * modules three times: under its own name, which is read, and under two names of the wrapper, which are ignored.
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
