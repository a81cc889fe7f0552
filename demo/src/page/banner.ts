import { WebVeraError } from 'webvera';
import { ChoiceProblem } from '../library/choice_problem';
import { byId, create, newButton } from './dom';
import { landOn } from './focus';

export type Tone = 'error' | 'note';

/** The message at the top of the page: a sentence about an event or an error, and advice. */
export class Banner {
  readonly #root = byId('banner', 'div');

  /** Shows an error. Ignores aborts, because the visitor asked for them. */
  report(error: unknown): void {
    if (error instanceof DOMException && error.name === 'AbortError') return;
    if (error instanceof WebVeraError) this.show('error', error.message, error.hint);
    else if (error instanceof ChoiceProblem) this.show('error', error.message);
    else this.show('error', error instanceof Error ? error.message : String(error), 'Reloading the page may help.');
  }

  show(tone: Tone, message: string, hint = ''): void {
    let before: EventTarget | null = null;
    const title = byId('title', 'h1');
    const close = newButton('Dismiss', () => {
      this.clear();
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
      landOn(title);
    });
    close.addEventListener('focus', ({ relatedTarget }) => {
      before = relatedTarget;
    });
    const text = create('p', {}, create('strong', { textContent: message }));
    if (hint !== '') text.append(' ', hint);
    this.#root.dataset.tone = tone;
    this.#root.hidden = false;
    this.#root.replaceChildren(text, close);
    this.#root.scrollIntoView({ block: 'nearest' });
  }

  clear(): void {
    this.#root.hidden = true;
    this.#root.replaceChildren();
  }
}
