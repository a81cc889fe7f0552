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
    this.show('error', ...errorInWords(error));
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

/** Returns what an error means, and advice if there is any. The library's hint for a locked run is about its options. */
export function errorInWords(error: unknown): readonly [message: string, hint?: string] {
  if (error instanceof ChoiceProblem) return [error.message];
  if (!(error instanceof WebVeraError))
    return [error instanceof Error ? error.message : String(error), 'Reloading the page may help.'];
  return error.code === 'locked_by_other_tab'
    ? ['Another tab is at work on this.', 'Wait until it ends there, or stop it there, and try again.']
    : [error.message, error.hint];
}
