import type { ClassesApp } from '../classes/app';
import { Telling } from '../classes/telling';
import { byId } from '../page/dom';

/** Classifies a text while it is typed. */
export function tryCard(app: ClassesApp<string>): void {
  const input = byId('try-text', 'textarea');
  const telling = new Telling(app, () =>
    input.value.trim() === '' ? { wish: 'Write something, and see what it takes it for.' } : { input: input.value },
  );
  input.addEventListener('input', () => telling.tell());
  void telling.tell();
}
