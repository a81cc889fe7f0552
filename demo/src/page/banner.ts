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

/** The meaning of some of the library’s errors in this page. The library’s own hints are for developers. */
const IN_THIS_PAGE: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  locked_by_other_tab: [
    'Another tab is at work on this.',
    'Wait until it ends there, or stop it there, and try again.',
  ],
  offline: ['There is no connection, and what this needs isn’t stored here.', 'Check the connection, and try again.'],
};

/** Returns what an error means, and advice if there is any. */
export function errorInWords(error: unknown): readonly [message: string, hint?: string] {
  if (error instanceof ChoiceProblem) return [error.message];
  if (error instanceof WebVeraError) return IN_THIS_PAGE[error.code] ?? [error.message, error.hint];
  return [error instanceof Error ? error.message : String(error), 'Reloading the page may help.'];
}
