import { byId, create } from '../../page/dom';
import { fieldOf, NumberForm, showProblem } from '../../run/number_form';
import { settingsFields } from '../../run/settings_fields';
import type { App } from '../app';
import type { ReadyModel } from '../state';
import { hasNumber, type MethodKey, methodNames, methods } from './methods';
import { PresetChoice } from './preset_choice';
import { presets } from './presets';
import {
  checkSettings,
  defaultSettings,
  llamaLinears,
  type NumberName,
  type RawSettings,
  type Settings,
  schedules,
} from './settings';

/** The settings of a training run. A setting with a wrong value has a message below it. */
export class SettingsForm {
  readonly #numbers: NumberForm<NumberName>;
  readonly #targets = byId('target-list', 'div');
  readonly #checkpointing = byId('gradient_checkpointing', 'input');
  readonly #schedule = create(
    'select',
    { id: 'lr_scheduler_type', name: 'lr_scheduler_type' },
    ...Object.entries(schedules).map(([value, textContent]) => create('option', { value, textContent })),
  );
  readonly #method = create(
    'select',
    { id: 'peft_type', name: 'peft_type' },
    ...methodNames.map((value) => create('option', { value, textContent: methods[value].name })),
  );
  readonly #listeners: ((settings: Settings | undefined) => void)[] = [];
  readonly #presets = new PresetChoice(({ numbers }) => {
    this.#isTouched = true;
    this.#numbers.fill(numbers);
    this.#changed();
  });
  #context: number | undefined;
  /** Whether the visitor has changed a setting. */
  #isTouched = false;

  constructor({ store }: App) {
    this.#numbers = new NumberForm(settingsFields, defaultSettings, (isReset) => {
      if (isReset) this.#reset();
      this.#isTouched = true;
      this.#changed();
    });
    const schedule = { label: 'Schedule', note: 'How the rate ends.' };
    this.#numbers.insert(fieldOf('lr_scheduler_type', schedule, this.#schedule), 'seed');
    const method = { label: 'Method', note: 'What an adapter is made of.' };
    this.#numbers.insert(fieldOf('peft_type', method, this.#method), 'r');
    this.#method.addEventListener('input', () => {
      this.#numbers.fill(methods[this.#methodKey].numbers);
      this.#offerNumbers();
    });
    this.#offerTargets(llamaLinears);
    this.#reset();
    store.watch(({ model, phase, device }, before) => {
      this.#numbers.enable(phase === 'idle');
      this.#presets.enable(phase === 'idle');
      if (model !== before.model) this.#fit(model);
      if (device !== before.device && device?.software === true && !this.#isTouched) {
        this.#numbers.fill(presets.quick.numbers);
        this.#changed();
      }
    });
    this.#changed();
  }

  /** Calls a listener after every change, with the settings, or with undefined if some are wrong. */
  watch(listener: (settings: Settings | undefined) => void): void {
    this.#listeners.push(listener);
  }

  /** Reads the settings and shows their problems. Returns undefined if some are wrong. */
  read(): Settings | undefined {
    const { settings, problems } = checkSettings(this.#raw(), this.#context);
    this.#numbers.showProblems(problems);
    showProblem(byId('targets', 'fieldset'), 'target_modules', problems.get('target_modules'));
    return settings;
  }

  get #methodKey(): MethodKey {
    return methodNames.find((name) => name === this.#method.value) ?? 'VERA';
  }

  /** Shows the number fields that the chosen method has, and hides those that it lacks. */
  #offerNumbers(): void {
    for (const name of ['r', 'theta_d_length'] as const) this.#numbers.offer(name, hasNumber(this.#methodKey, name));
  }

  #changed(): void {
    const settings = this.read();
    this.#presets.mark(settings);
    for (const listener of this.#listeners) listener(settings);
  }

  #raw(): RawSettings {
    return {
      ...this.#numbers.texts,
      peft_type: this.#method.value,
      lr_scheduler_type: this.#schedule.value,
      gradient_checkpointing: String(this.#checkpointing.checked),
      target_modules: this.#boxes().flatMap((box) => (box.checked ? [box.value] : [])),
    };
  }

  #reset(): void {
    this.#method.value = defaultSettings.peft_type;
    this.#offerNumbers();
    this.#schedule.value = defaultSettings.lr_scheduler_type;
    this.#checkpointing.checked = defaultSettings.gradient_checkpointing;
    for (const box of this.#boxes()) box.checked = true;
  }

  /** Adjusts the form to the layers and the context length of a model. */
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

/** Returns the last parts of the names of all linear layers within transformer blocks, in the model's order, without the head. */
function linearNames({ base }: ReadyModel): readonly string[] {
  const linears = base.named_modules().filter(({ name, type }) => type === 'Linear' && /\.\d+\./.test(name));
  const names = linears.map(({ name }) => name.slice(name.lastIndexOf('.') + 1));
  return names.length === 0 ? llamaLinears : [...new Set(names)];
}
