import { MOST_LEVELS } from '../core/input/nesting';
import { MOST_TEXT, tooMuch } from './budget';
import type { TemplateValue } from './template_value';

/** The type name of the only values that can change after their creation. */
const NAMESPACE = 'NamespaceValue';

/**
 * Measures values by the size of their text: the number of characters plus the number of values inside. A value that occurs several times
 * counts each time, although memory holds it once. The sizes of values that can't change are cached.
 */
export class Scale {
  readonly #known = new WeakMap<object, number>();
  readonly #spend: (steps: number) => void;
  /** Whether the list or object being measured, and all values in it that were visited so far, can't change. */
  #lasting = true;

  /** `spend` is called for each value inside a list or an object. */
  constructor(spend: (steps: number) => void) {
    this.#spend = spend;
  }

  /** Returns the size of a value. Throws `limit_exceeded` if the value is too large or nested too deeply. */
  weigh(value: TemplateValue): number {
    this.#lasting = true;
    return this.#walk(value, 0);
  }

  #walk(value: TemplateValue, depth: number): number {
    const content: unknown = value.value;
    if (typeof content === 'string') return within(content.length + 1);
    if (typeof content !== 'object' || content === null) return 1;
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    if (depth === MOST_LEVELS) throw tooMuch('it nests lists too deeply');
    const outer = this.#lasting;
    this.#lasting = value.type !== NAMESPACE;
    const parts = content instanceof Map ? content : (content as readonly TemplateValue[]).entries();
    let weight = 1;
    for (const [key, part] of parts as Iterable<[string | number, TemplateValue]>) {
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
