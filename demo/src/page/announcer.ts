import { byId } from './dom';

/** Announces a text to screen readers. */
export function announce(text: string): void {
  byId('announcer', 'p').textContent = text;
}
