import { byId } from './dom';

/** Says something to those who listen to the page, when they have a moment. */
export function announce(text: string): void {
  byId('announcer', 'p').textContent = text;
}
