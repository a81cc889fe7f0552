import { MOST_LEVELS } from '../core/input/nesting';
import { MOST_TEXT, tooMuch } from './budget';
import type { TemplateValue } from './template_value';

/** The only type of values that can change after they are made. */
const NAMESPACE = 'NamespaceValue';

/**
 * Weighs values by their size as written text: the number of characters and parts. A part that occurs several times counts each time,
 * although memory holds it once. The scale caches the weights of values that can't change.
 */
export class Scale {
  readonly #known = new WeakMap<object, number>();
  readonly #spend: (steps: number) => void;
  /** Whether all values walked so far are immutable. */
  #lasting = true;

  /** `spend` is called for each part that is walked. */
  constructor(spend: (steps: number) => void) {
    this.#spend = spend;
  }

  /** Throws `limit_exceeded` for a value that is too large or too deep. */
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
