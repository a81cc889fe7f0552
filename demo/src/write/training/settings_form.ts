import { byId, create, onClick } from '../../page/dom';
import { describeByNote, showProblem } from '../../run/field_problem';
import type { App } from '../app';
import type { ReadyModel } from '../state';
import {
  checkSettings,
  defaultSettings,
  llamaLinears,
  type NumberField,
  numberFields,
  type RawSettings,
  type Settings,
} from './settings';

/** The settings of a run, each with its problem beside it. */
export class SettingsForm {
  readonly #details = byId('settings', 'details');
  readonly #targets = byId('target-list', 'div');
  readonly #schedule = byId('lr_scheduler_type', 'select');
  readonly #checkpointing = byId('gradient_checkpointing', 'input');
  readonly #listeners: ((settings: Settings | undefined) => void)[] = [];
  #context: number | undefined;

  constructor({ store }: App) {
    for (const name of numberFields) describeByNote(byId(name, 'input'), name);
    this.#fill(defaultSettings);
    this.#offerTargets(llamaLinears);
    byId('settings-form', 'form').addEventListener('input', () => this.#changed());
    onClick(byId('settings-reset', 'button'), () => {
      this.#fill(defaultSettings);
      for (const box of this.#boxes()) box.checked = true;
      this.#changed();
    });
    store.watch(({ model, phase }, before) => {
      for (const control of this.#details.querySelectorAll('input, select, button')) {
        (control as HTMLInputElement).disabled = phase !== 'idle';
      }
      if (model !== before.model) this.#fit(model);
    });
  }

  /** Called after every change with the settings, or undefined where there are problems. */
  watch(listener: (settings: Settings | undefined) => void): void {
    this.#listeners.push(listener);
  }

  /** The settings, or undefined with the problems shown. */
  read(): Settings | undefined {
    const { settings, problems } = checkSettings(this.#raw(), this.#context);
    for (const name of numberFields) showProblem(byId(name, 'input'), name, problems.get(name));
    showProblem(byId('targets', 'fieldset'), 'target_modules', problems.get('target_modules'));
    return settings;
  }

  /** Brings the first problem into view. */
  revealProblem(): void {
    this.#details.open = true;
    const invalid = this.#details.querySelector<HTMLElement>('[aria-invalid="true"]');
    (invalid?.querySelector('input') ?? invalid)?.focus();
  }

  #changed(): void {
    const settings = this.read();
    for (const listener of this.#listeners) listener(settings);
  }

  #raw(): RawSettings {
    const entries = numberFields.map((name) => [name, byId(name, 'input').value] as const);
    const numbers = Object.fromEntries(entries) as Record<NumberField, string>;
    const target_modules = this.#boxes().flatMap((box) => (box.checked ? [box.value] : []));
    const gradient_checkpointing = String(this.#checkpointing.checked);
    return { ...numbers, lr_scheduler_type: this.#schedule.value, gradient_checkpointing, target_modules };
  }

  #fill(settings: Settings): void {
    for (const name of numberFields) byId(name, 'input').value = String(settings[name]);
    this.#schedule.value = settings.lr_scheduler_type;
    this.#checkpointing.checked = settings.gradient_checkpointing;
  }

  /** A model says which layers it has and how much text it can take at once. */
  #fit(model: ReadyModel | undefined): void {
    const context = model?.base.config.max_position_embeddings;
    this.#context = typeof context === 'number' ? context : undefined;
    if (model !== undefined) this.#offerTargets(linearNames(model));
    this.#changed();
  }

  #offerTargets(names: readonly string[]): void {
    const before = this.#boxes();
    if (before.map((box) => box.value).join() === names.join()) return;
    const boxes = names.map((value) =>
      create('input', { type: 'checkbox', name: 'target_modules', value, checked: true }),
    );
    this.#targets.replaceChildren(
      ...boxes.map((box) => create('label', {}, box, create('span', { textContent: box.value }))),
    );
  }

  #boxes(): readonly HTMLInputElement[] {
    return [...this.#targets.querySelectorAll('input')];
  }
}

/** The last parts of the names of all linear layers within blocks, in the model's order. The head stays as it is. */
function linearNames({ base }: ReadyModel): readonly string[] {
  const linears = base.named_modules().filter(({ name, type }) => type === 'Linear' && /\.\d+\./.test(name));
  const names = linears.map(({ name }) => name.slice(name.lastIndexOf('.') + 1));
  return names.length === 0 ? llamaLinears : [...new Set(names)];
}
