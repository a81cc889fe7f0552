import type { AnyAdaptedModel, GenerationConfig } from 'webvera';
import { Latest } from '../../library/latest';
import { byId, setText } from '../../page/dom';
import { formatCount } from '../../page/format';
import { PageOfText } from '../try/page_of_text';
import { SAMPLING } from '../try/pair';

/** The number of tokens that each text gets. */
const TOKENS = 40;
const SEED = 5;
/** The title of the base model's text. */
const FIRST = 'Before it learnt';

interface Written {
  readonly title: string;
  readonly text: string;
}

interface Beginning {
  readonly adapted: AnyAdaptedModel;
  readonly ids: number[] | string;
  readonly signal: AbortSignal;
}

/** Continues the same prompt again and again while the model learns. A slider shows earlier texts. */
export class Anew {
  readonly #slider = byId('anew-step', 'input');
  readonly #first = new PageOfText(byId('anew-before', 'p'));
  readonly #shown = new PageOfText(byId('anew-after', 'p'));
  readonly #queue = new Latest<string>((title) => this.#write(title));
  #written: Written[] = [];
  #prompt = '';
  #beginning: Beginning | undefined;

  constructor() {
    this.#slider.addEventListener('input', () => this.#showAt(Number(this.#slider.value)));
  }

  /** Begins with a text by the base model. The signal of `beginning` aborts the text that is being written. */
  async begin(prompt: string, beginning: Beginning): Promise<void> {
    this.#prompt = prompt;
    this.#beginning = beginning;
    this.#written = [];
    setText(byId('anew-title', 'h3'), FIRST);
    Object.assign(this.#slider, { max: '0', value: '0', disabled: true });
    this.#slider.removeAttribute('aria-valuetext');
    this.#shown.rest(prompt);
    this.#first.begin(prompt, '');
    try {
      for await (const { text } of this.#generate(beginning, '__base__')) this.#first.add(text);
    } finally {
      this.#first.end();
    }
    this.#add({ title: FIRST, text: this.#first.text });
  }

  /** Queues a text. When its turn comes, it is written with the adapter's current weights. Only the newest queued text is written. */
  write(step: number): Promise<void> {
    return this.#queue.push(`About step ${formatCount(step)}`);
  }

  /** Writes the last text, with the trained adapter. */
  end(): Promise<void> {
    return this.#queue.push('With what it has learnt');
  }

  async #write(title: string): Promise<void> {
    if (this.#beginning === undefined) return;
    try {
      this.#add({ title, text: await this.#generate(this.#beginning, 'default') });
    } catch {
      // The run was cancelled, or it failed and reports the error itself.
    }
  }

  #generate({ adapted, ids, signal }: Beginning, adapter_name: string): ReturnType<AnyAdaptedModel['generate']> {
    const config: GenerationConfig = { ...SAMPLING, max_new_tokens: TOKENS, seed: SEED, adapter_name, signal };
    return adapted.generate(ids, config);
  }

  #add(written: Written): void {
    const follows = Number(this.#slider.value) >= this.#written.length - 1;
    this.#written.push(written);
    const newest = this.#written.length - 1;
    this.#slider.max = String(newest);
    this.#slider.disabled = newest === 0;
    if (follows) this.#slider.value = String(newest);
    this.#showAt(Number(this.#slider.value));
  }

  #showAt(index: number): void {
    const written = this.#written[index];
    if (written === undefined) return;
    setText(byId('anew-title', 'h3'), written.title);
    this.#slider.setAttribute('aria-valuetext', written.title);
    this.#shown.show(this.#prompt, written.text);
  }
}
