import type { GeneratedText } from '../../../index';
import { button, buttons, quiet, setText, show, stack } from '../panel_elements';
import { type Actions, type Announce, firstUsable, type Shown } from '../region';
import { learnButton } from '../teach/lesson_parts';
import { ownText } from './own_text';
import { setPressed, thumb } from './thumb';

type Thumbs = 1 | 0 | -1;

const NOTES: Readonly<Record<1 | -1, string>> = { 1: 'more like this', [-1]: 'less like this' };

interface OpinionParts {
  readonly actions: Pick<Actions, 'rate' | 'correct' | 'learn'>;
  readonly announce: Announce;
  /** Shows the visitor's own text in place of the model's text. */
  onOwn(text: string): void;
}

/** The controls for the visitor's opinion of the last text: thumbs, a field to edit the text, and the button that learns from both. */
export class Opinion {
  readonly root: HTMLElement;
  readonly #parts: OpinionParts;
  readonly #up = thumb('More like this', '', () => this.#press(1));
  readonly #down = thumb('Less like this', 'down', () => this.#press(-1));
  readonly #change = button('Edit…', () => this.#open());
  readonly #thumbs = buttons(this.#up, this.#down, this.#change);
  /** Whether the visitor's text is being stored. */
  #isKeeping = false;
  readonly #own = ownText({ onKeep: (text) => void this.#keep(text), onCancel: () => this.#cancel() });
  readonly #note = quiet();
  readonly #learning = learnButton(() => void this.#learn(), 'Learn from my choices', '');
  /** The text that the visitor may rate or edit; undefined for none. */
  #text: GeneratedText | undefined;
  #rating: Thumbs = 0;
  /** The rating that is stored. Others may be on their way. */
  #stored: Thumbs = 0;
  /** Whether there is an opinion from which the model hasn't learnt yet. */
  #isDue = false;
  /** The number of opinions that were given so far. */
  #count = 0;
  #isOn = true;
  #hasNoStorage = false;
  /** The learner in the last update; undefined before the first update. */
  #learner: Shown['learner'] | undefined;

  constructor(parts: OpinionParts) {
    this.#parts = parts;
    this.#thumbs.setAttribute('role', 'group');
    this.#thumbs.setAttribute('aria-label', 'Your opinion');
    this.root = stack('opinion', this.#thumbs, this.#own.root, this.#note, this.#learning.root);
    this.#show();
  }

  /** Sets the text that the visitor may rate or edit; undefined for none. */
  about(text: GeneratedText | undefined): void {
    this.#text = text;
    this.#rating = this.#stored = 0;
    this.#own.root.hidden = true;
    setText(this.#note, '');
    this.#show();
  }

  update(shown: Shown): void {
    this.#isOn = shown.hasOpinions;
    this.#learner = shown.learner;
    this.#hasNoStorage = shown.learner.status.hasNoStorage;
    this.#learning.update(shown);
    if (shown.isGone) {
      this.#isDue = false;
      this.about(undefined);
    }
    this.#show();
  }

  landing(): HTMLElement | undefined {
    return firstUsable(this.#learning.root, this.#change);
  }

  #show(): void {
    show(this.#thumbs, this.#isOn && this.#text !== undefined && this.#own.root.hidden === true);
    setPressed(this.#up, this.#rating === 1);
    setPressed(this.#down, this.#rating === -1);
    show(this.#note, this.#note.textContent !== '');
    show(this.#learning.root, this.#isOn && this.#isDue);
    this.#learning.show(this.#isDue);
    show(
      this.root,
      [...this.root.children].some((part) => !(part as HTMLElement).hidden),
    );
  }

  async #press(pressed: Thumbs): Promise<void> {
    const text = this.#text;
    if (text === undefined) return;
    const rating = this.#rating === pressed ? 0 : pressed;
    this.#rating = rating;
    this.#show();
    const isStored = await this.#parts.actions.rate(text, rating);
    if (this.#text !== text) return;
    if (isStored) this.#stored = rating;
    this.#rating = this.#stored;
    this.#show();
    if (!isStored) return;
    if (rating !== 0) this.#noted(this.#inWords(NOTES[rating]));
    else this.#noted('Taken back.', this.#hasData());
  }

  /** Whether the profile has anything to learn from. */
  #hasData(): boolean {
    const { ratings = 0, preferences = 0, examples = 0 } = this.#learner?.visit?.profile?.info ?? {};
    return ratings + preferences + examples > 0;
  }

  #open(): void {
    if (this.#text === undefined) return;
    this.#own.open(this.#text);
    this.#show();
  }

  #cancel(): void {
    this.#own.root.hidden = true;
    this.#show();
    this.#change.focus();
  }

  async #keep(text: string): Promise<void> {
    const about = this.#text;
    if (about === undefined || this.#isKeeping) return;
    this.#isKeeping = true;
    const isKept = await this.#parts.actions.correct(about, text).finally(() => {
      this.#isKeeping = false;
    });
    if (!isKept || this.#text !== about) return;
    const hadFocus = this.#own.root.matches(':focus-within');
    this.about(undefined);
    this.#parts.onOwn(text);
    this.#noted(this.#inWords('your text'));
    if (hadFocus) this.landing()?.focus();
  }

  #inWords(noted: string): string {
    return `Noted, ${this.#hasNoStorage ? 'until this page closes' : 'in this browser'}: ${noted}.`;
  }

  #noted(text: string, isDue = true): void {
    this.#count += 1;
    this.#isDue = isDue;
    setText(this.#note, text);
    this.#parts.announce(text);
    this.#show();
  }

  async #learn(): Promise<void> {
    const count = this.#count;
    if (!(await this.#learning.teach(this.#parts.actions.learn))) return;
    // A run doesn't include opinions that were given while it ran.
    if (this.#count === count) {
      this.#isDue = false;
      setText(this.#note, '');
    }
    this.#show();
  }
}
