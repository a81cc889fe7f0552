import { ChoiceProblem } from '../../library/choice_problem';
import { type LinkedType, linkedFields, linkedKind } from './linked_kinds';
import type { NamedTensor } from './tensors';

/** The fields of an adapter's configuration that a link holds. */
export type SharedConfig = Readonly<Record<string, number | readonly string[]>>;

/** The content of a link: a voice (an adapter that writes in somebody's style). */
export interface SharedVoice {
  readonly name: string;
  /** The name of the base model. */
  readonly base: string;
  /** The words with which the voice's text begins. */
  readonly opening: string;
  readonly peft_type: LinkedType;
  readonly config: SharedConfig;
  readonly tensors: readonly NamedTensor[];
}

/** The header of a link: all but the tensors' elements, which follow it. */
export type SharedHeader = Omit<SharedVoice, 'tensors'> & {
  readonly shapes: readonly (readonly [name: string, ...shape: number[]])[];
};

const MOST_TENSORS = 2000;
const MOST_MODULES = 100;
export const LONGEST_NAME = 60;
export const LONGEST_OPENING = 200;
/** The most characters in the name of a tensor or a module. */
const LONGEST_PATH = 200;
/** The most elements in the tensors of a voice. */
export const MOST_NUMBERS = 60_000;

/**
 * Checks the header of a stranger's link. The configuration's fields are at the header's top level. Without a `peft_type`, the adapter is
 * VeRA. Throws `ChoiceProblem` if a field is damaged.
 */
export function checkHeader(json: unknown): SharedHeader {
  const { name, base, opening, shapes, peft_type = 'VERA', ...fields } = fieldsOf(json);
  expectThat(isText(name, LONGEST_NAME) && name.trim() !== '', 'its name');
  expectThat(isText(base, LONGEST_NAME), 'its model');
  expectThat(isText(opening, LONGEST_OPENING), 'its words');
  expectThat(isList(shapes, MOST_TENSORS) && shapes.every(isShape), 'its tensors');
  const names = new Set(shapes.map(([path]) => path));
  expectThat(names.size === shapes.length && !names.has('__metadata__'), 'its tensors');
  return { name, base, opening, peft_type: peft_type as LinkedType, config: checkConfig(peft_type, fields), shapes };
}

/** Returns the header of a voice's link, as `checkHeader` reads it. */
export function headerOf({ config, peft_type, tensors, ...fields }: SharedVoice): object {
  const shapes = tensors.map(({ name, shape }) => [name, ...shape]);
  return { ...fields, ...(peft_type !== 'VERA' && { peft_type }), ...config, shapes };
}

/** Checks and returns the fields of a configuration that a link holds. Throws `ChoiceProblem`. */
function checkConfig(peft_type: unknown, fields: Readonly<Record<string, unknown>>): SharedConfig {
  const kind = linkedKind(peft_type);
  expectThat(kind !== undefined, 'its kind');
  const { counts, lists } = kind;
  for (const [name, [least, most]] of Object.entries(counts))
    expectThat(isCount(fields[name], least, most), `its ${name}`);
  expectThat(isList(fields.target_modules, MOST_MODULES), 'its layers');
  for (const name of ['target_modules', ...lists]) {
    const names = fields[name];
    expectThat(Array.isArray(names) && names.length <= MOST_MODULES && names.every(isPath), 'its layers');
  }
  return Object.fromEntries(linkedFields(kind).map((name) => [name, fields[name] as SharedConfig[string]]));
}

/** Returns the number of elements in a tensor. */
export function sizeOf([, ...shape]: SharedHeader['shapes'][number]): number {
  return shape.reduce((product, length) => product * length, 1);
}

function fieldsOf(json: unknown): Readonly<Record<string, unknown>> {
  expectThat(typeof json === 'object' && json !== null && !Array.isArray(json), 'its header');
  return json as Readonly<Record<string, unknown>>;
}

export function expectThat(holds: boolean, what: string): asserts holds {
  if (!holds) throw new ChoiceProblem(`This link holds no voice that can be read: ${what} is damaged.`);
}

function isText(value: unknown, longest: number): value is string {
  return typeof value === 'string' && value.length <= longest;
}

function isCount(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most;
}

function isList(value: unknown, most: number): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0 && value.length <= most;
}

function isPath(value: unknown): value is string {
  return isText(value, LONGEST_PATH) && /^[\w.]+$/.test(value);
}

function isShape(value: unknown): value is SharedHeader['shapes'][number] {
  return (
    Array.isArray(value) &&
    value.length >= 2 &&
    value.length <= 3 &&
    isPath(value[0]) &&
    value.slice(1).every((length) => isCount(length, 1, MOST_NUMBERS))
  );
}
