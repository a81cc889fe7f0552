import type { Banner } from '../page/banner';
import { byId, create, newButton } from '../page/dom';
import type { SettingsField } from './settings_fields';

/** The number fields of the page's `#settings-form`. A field with a wrong value has a message below it. */
export class NumberForm<Name extends string> {
  readonly #form = byId('settings-form', 'form');
  readonly #inputs: ReadonlyMap<Name, HTMLInputElement>;

  /** `onChange` is called with false after each input, and with true after the form was reset to the defaults. */
  constructor(
    fields: Readonly<Record<Name, SettingsField>>,
    defaults: Readonly<Record<NoInfer<Name>, number>>,
    onChange: (isReset: boolean) => void,
  ) {
    const names = Object.keys(fields) as Name[];
    this.#inputs = new Map(names.map((name) => [name, inputFor(name, fields[name])]));
    this.#form.prepend(...[...this.#inputs].map(([name, input]) => fieldOf(name, fields[name], input)));
    const reset = (): void => {
      this.fill(defaults);
      onChange(true);
    };
    const resetButton = newButton('Reset to defaults', reset, { id: 'settings-reset' });
    this.#form.append(create('div', { className: 'actions wide' }, resetButton));
    this.#form.addEventListener('submit', (event) => event.preventDefault());
    this.#form.addEventListener('input', () => onChange(false));
    this.fill(defaults);
  }

  get texts(): Readonly<Record<Name, string>> {
    return Object.fromEntries([...this.#inputs].map(([name, { value }]) => [name, value])) as Record<Name, string>;
  }

  /** Fills in these values, and leaves the other fields as they are. */
  fill(numbers: Readonly<Partial<Record<Name, number>>>): void {
    for (const [name, input] of this.#inputs) {
      const number = numbers[name];
      if (number !== undefined) input.value = String(number);
    }
  }

  showProblems(problems: ReadonlyMap<string, string>): void {
    for (const [name, input] of this.#inputs) showProblem(input, name, problems.get(name));
  }

  /** Shows or hides one of the number fields. */
  offer(name: Name, isOffered: boolean): void {
    const field = this.#inputs.get(name)?.parentElement;
    if (field) field.hidden = !isOffered;
  }

  /** Inserts another control before one of the number fields. */
  insert(field: HTMLElement, before: Name): void {
    this.#inputs.get(before)?.parentElement?.before(field);
  }

  enable(isEnabled: boolean): void {
    for (const control of this.#form.querySelectorAll('input, select, button')) {
      (control as HTMLInputElement).disabled = !isEnabled;
    }
  }
}

/** Creates a field of the form: a label, the control below it, and a note that describes the control. */
export function fieldOf(
  name: string,
  { label, note }: Pick<SettingsField, 'label' | 'note'>,
  control: HTMLElement,
): HTMLElement {
  control.setAttribute('aria-describedby', `${name}-note`);
  const title = create('label', { htmlFor: name, textContent: label });
  const description = create('p', { id: `${name}-note`, className: 'note', textContent: note });
  return create('div', { className: 'field' }, title, control, description);
}

function inputFor(name: string, { range }: SettingsField): HTMLInputElement {
  return create('input', { id: name, name, inputMode: range.whole ? 'numeric' : 'decimal', autocomplete: 'off' });
}

/** Shows the problem with a control below the control's note. If `problem` is undefined, removes the shown one. */
export function showProblem(control: HTMLElement, name: string, problem: string | undefined): void {
  const id = `${name}-problem`;
  const shown = document.getElementById(id);
  if (problem === undefined) {
    shown?.remove();
    control.removeAttribute('aria-invalid');
    control.setAttribute('aria-describedby', `${name}-note`);
    return;
  }
  control.setAttribute('aria-invalid', 'true');
  control.setAttribute('aria-describedby', `${name}-note ${id}`);
  const message = shown ?? create('p', { id, className: 'problem' });
  message.textContent = problem;
  if (shown === null) document.getElementById(`${name}-note`)?.after(message);
}

/** Reads a form of settings. If some values are wrong, opens the form, focuses the first wrong field, and shows an error. */
export function readOrReport<Settings>(form: { read(): Settings | undefined }, banner: Banner): Settings | undefined {
  const settings = form.read();
  if (settings !== undefined) return settings;
  const details = byId('settings', 'details');
  details.open = true;
  const invalid = details.querySelector<HTMLElement>('[aria-invalid="true"]');
  banner.show('error', 'Some settings need another value.', 'What is wrong stands beside each of them.');
  // Focuses the field after the banner is shown, because both scroll the page and the field must be visible at the end.
  (invalid?.querySelector('input') ?? invalid)?.focus();
  return undefined;
}
