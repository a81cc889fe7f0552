import { MOST_LEVELS } from '../core/input/nesting';
import { MOST_TEXT, tooMuch } from './budget';
import type { Value } from './value';

/** Alone may be assigned to after it is made. */
const NAMESPACE = 'NamespaceValue';

/**
 * Tells how much a value is once it is written out: its characters and its parts, each as often as it is there, although memory
 * holds it once. Values that don't change are remembered.
 */
export class Scale {
  readonly #known = new WeakMap<object, number>();
  readonly #spend: (steps: number) => void;
  /** Whether what was walked so far will weigh the same later. */
  #lasting = true;

  /** `spend` is told of the parts that have to be looked at. */
  constructor(spend: (steps: number) => void) {
    this.#spend = spend;
  }

  /** Throws `limit_exceeded` for what is too large or too deep. */
  weigh(value: Value): number {
    this.#lasting = true;
    return this.#walk(value, 0);
  }

  #walk(value: Value, depth: number): number {
    const content: unknown = value.value;
    if (typeof content === 'string') return within(content.length + 1);
    if (typeof content !== 'object' || content === null) return 1;
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    if (depth === MOST_LEVELS) throw tooMuch('it nests lists too deeply');
    const outer = this.#lasting;
    this.#lasting = value.type !== NAMESPACE;
    const parts = content instanceof Map ? content : (content as readonly Value[]).entries();
    let weight = 1;
    for (const [key, part] of parts as Iterable<[string | number, Value]>) {
      this.#spend(1 / 8);
      weight = within(weight + this.#walk(part, depth + 1) + (typeof key === 'string' ? key.length : 0));
    }
    if (this.#lasting) this.#known.set(value, weight);
    this.#lasting &&= outer;
    return weight;
  }
}

function within(weight: number): number {
  if (weight <= MOST_TEXT) return weight;
  throw tooMuch(`it makes a text of more than ${MOST_TEXT} characters`);
}
