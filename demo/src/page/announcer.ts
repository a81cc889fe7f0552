import { byId } from './dom';

/** Tells screen readers a text. */
export function announce(text: string): void {
  byId('announcer', 'p').textContent = text;
}
