import { byId } from './dom';

/** Lets screen readers read a text. */
export function announce(text: string): void {
  byId('announcer', 'p').textContent = text;
}
