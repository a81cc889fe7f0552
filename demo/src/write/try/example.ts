import { byId, show } from '../../page/dom';
import type { PageOfText } from './page_of_text';
import type { Side } from './pair';

/** Texts that the model and its voices (adapters that write in somebody's style) wrote, from public/voices/examples.json. */
interface Examples {
  readonly prompt: string;
  readonly before: string;
  /** The voices' texts, by the voices' keys. */
  readonly after: Readonly<Record<string, string>>;
}

/** Shows texts that were written earlier, with a note that says so, until the visitor writes. */
export class Example {
  readonly #prompt: HTMLInputElement;
  readonly #sides: Readonly<Record<Side, PageOfText>>;
  readonly #note = byId('example-note', 'p');
  #examples: Examples | undefined;
  #isOver = false;

  constructor(prompt: HTMLInputElement, sides: Readonly<Record<Side, PageOfText>>) {
    this.#prompt = prompt;
    this.#sides = sides;
  }

  /** Loads the examples. If their file is missing, the page begins without examples. */
  async load(): Promise<void> {
    const response = await fetch('voices/examples.json').catch(() => undefined);
    // Some servers answer with a page in place of a missing file.
    if (response?.ok === true) this.#examples = (await response.json().catch(() => undefined)) as Examples | undefined;
  }

  /** Shows the example of a voice, if it fits the words in the field and the visitor hasn't written yet. Returns whether it is shown. */
  show(key: string | undefined): boolean {
    const { prompt, before, after } = this.#examples ?? { prompt: '', before: '', after: {} };
    const text = key === undefined ? undefined : after[key];
    const fits = !this.#isOver && text !== undefined && prompt === this.#prompt.value;
    show(this.#note, fits);
    if (!fits) return false;
    this.#sides.before.show(prompt, before);
    this.#sides.after.show(prompt, text);
    return true;
  }

  /** Hides the example, and shows no other from now on. Must be called when the visitor starts writing. */
  end(): void {
    if (!this.#isOver) for (const side of Object.values(this.#sides)) side.rest(this.#prompt.value);
    this.#isOver = true;
    show(this.#note, false);
  }
}
