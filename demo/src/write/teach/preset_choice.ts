import { byId, create } from '../../page/dom';
import { type Preset, type PresetKey, type PresetNumbers, presets } from './presets';

const keys = Object.keys(presets) as readonly PresetKey[];

/** The presets as radio buttons. No button is checked if the settings match no preset. */
export class PresetChoice {
  readonly #inputs: ReadonlyMap<PresetKey, HTMLInputElement>;

  /** `onChosen` is called after a visitor chose a preset. */
  constructor(onChosen: (preset: Preset) => void) {
    const traits = { type: 'radio', name: 'preset', autocomplete: 'off' } as const;
    this.#inputs = new Map(keys.map((key) => [key, create('input', { ...traits, id: `preset-${key}`, value: key })]));
    for (const [key, input] of this.#inputs) {
      input.addEventListener('change', () => onChosen(presets[key]));
      byId('presets', 'fieldset').append(
        create('label', { className: 'preset' }, input, create('span', { textContent: presets[key].name })),
      );
    }
  }

  /** Checks the button of the preset that has these numbers, and unchecks the others. */
  mark(numbers: PresetNumbers | undefined): void {
    for (const [key, input] of this.#inputs) {
      const preset: PresetNumbers = presets[key].numbers;
      const names = Object.keys(preset) as (keyof PresetNumbers)[];
      input.checked = numbers !== undefined && names.every((name) => numbers[name] === preset[name]);
    }
  }

  enable(isEnabled: boolean): void {
    for (const input of this.#inputs.values()) input.disabled = !isEnabled;
  }
}
