import { byId, create, onClick } from '../page/dom';
import { outside, type Range, toNumber } from '../write/training/settings';
import { describeByNote, showProblem } from './field_problem';

export interface NumberField {
  readonly label: string;
  readonly note: string;
  readonly range: Range;
  readonly value: number;
}

/** A form of numbers, each with its problem beside it, in the page's `#settings`. */
export class NumberForm<Name extends string> {
  readonly #fields: Readonly<Record<Name, NumberField>>;
  readonly #inputs: ReadonlyMap<Name, HTMLInputElement>;
  readonly #reset = create('button', { type: 'button', textContent: 'Reset to defaults' });

  constructor(fields: Readonly<Record<Name, NumberField>>) {
    const form = byId('settings-form', 'form');
    const names = Object.keys(fields) as Name[];
    this.#fields = fields;
    this.#inputs = new Map(names.map((name) => [name, inputFor(name, fields[name])]));
    for (const name of names) form.append(fieldOf(name, fields[name], this.#input(name)));
    form.append(create('div', { className: 'actions wide' }, this.#reset));
    for (const [name, input] of this.#inputs) describeByNote(input, name);
    form.addEventListener('input', () => this.read());
    form.addEventListener('submit', (event) => event.preventDefault());
    onClick(this.#reset, () => {
      for (const [name, input] of this.#inputs) input.value = String(fields[name].value);
      this.read();
    });
  }

  /** The numbers, or undefined with the problems shown. */
  read(): Readonly<Record<Name, number>> | undefined {
    let isRight = true;
    const numbers = [...this.#inputs].map(([name, input]) => {
      const value = toNumber(input.value);
      const problem = outside(value, this.#fields[name].range);
      showProblem(input, name, problem);
      isRight &&= problem === undefined;
      return [name, value] as const;
    });
    return isRight ? (Object.fromEntries(numbers) as Record<Name, number>) : undefined;
  }

  /** Brings the first problem into view. */
  revealProblem(): void {
    byId('settings', 'details').open = true;
    byId('settings', 'details').querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }

  enable(isEnabled: boolean): void {
    for (const control of [...this.#inputs.values(), this.#reset]) control.disabled = !isEnabled;
  }

  #input(name: Name): HTMLInputElement {
    return this.#inputs.get(name) as HTMLInputElement;
  }
}

function inputFor(name: string, { value, range }: NumberField): HTMLInputElement {
  const inputMode = range.whole ? 'numeric' : 'decimal';
  return create('input', { id: name, name, inputMode, autocomplete: 'off', value: String(value) });
}

function fieldOf(name: string, { label, note }: NumberField, input: HTMLInputElement): HTMLElement {
  const title = create('label', { htmlFor: name, textContent: label });
  return create('div', { className: 'field' }, title, input, create('p', { className: 'note', textContent: note }));
}
