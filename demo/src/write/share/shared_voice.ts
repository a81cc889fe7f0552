import { ChoiceProblem } from '../../library/choice_problem';
import type { NamedTensor } from './tensors';

/** A voice as it travels in a link. */
export interface SharedVoice {
  readonly name: string;
  /** The name of the base model. */
  readonly base: string;
  /** Words to begin with. */
  readonly opening: string;
  readonly r: number;
  readonly target_modules: readonly string[];
  readonly projection_prng_key: number;
  readonly tensors: readonly NamedTensor[];
}

/** The header of a link: all but the tensors' numbers, which follow it. */
export type SharedHeader = Omit<SharedVoice, 'tensors'> & {
  readonly shapes: readonly (readonly [name: string, ...shape: number[]])[];
};

const MOST_TENSORS = 2000;
const MOST_MODULES = 100;
export const LONGEST_NAME = 60;
export const LONGEST_OPENING = 200;
/** Characters of a tensor's or a module's name. */
const LONGEST_PATH = 200;
/** Numbers in a voice. */
export const MOST_NUMBERS = 60_000;

/** Checks a stranger's header. Throws `ChoiceProblem`. */
export function checkHeader(json: unknown): SharedHeader {
  const { name, base, opening, r, target_modules, projection_prng_key, shapes } = fieldsOf(json);
  expectThat(isText(name, LONGEST_NAME) && name.trim() !== '', 'its name');
  expectThat(isText(base, LONGEST_NAME), 'its model');
  expectThat(isText(opening, LONGEST_OPENING), 'its words');
  expectThat(isCount(r, 1, 1024), 'its rank');
  expectThat(isCount(projection_prng_key, 0, Number.MAX_SAFE_INTEGER), 'its key');
  expectThat(isList(target_modules, MOST_MODULES) && target_modules.every(isPath), 'its layers');
  expectThat(isList(shapes, MOST_TENSORS) && shapes.every(isShape), 'its tensors');
  const names = new Set(shapes.map(([path]) => path));
  expectThat(names.size === shapes.length && !names.has('__metadata__'), 'its tensors');
  return { name, base, opening, r, target_modules, projection_prng_key, shapes };
}

/** How many numbers a tensor has. */
export function sizeOf([, ...shape]: SharedHeader['shapes'][number]): number {
  return shape.reduce((product, length) => product * length, 1);
}

function fieldsOf(json: unknown): Readonly<Partial<Record<keyof SharedHeader, unknown>>> {
  expectThat(typeof json === 'object' && json !== null && !Array.isArray(json), 'its header');
  return json as Readonly<Partial<Record<keyof SharedHeader, unknown>>>;
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
