import type { ClassesApp } from '../classes/app';
import { takeSamples } from '../classes/app';
import type { ClassOf } from '../classes/class_set';
import { canChange } from '../classes/state';
import { ClassRows, type Teaching } from '../classes/telling/class_rows';
import { Telling } from '../classes/telling/telling';
import { byId, newButton } from '../page/dom';

/** Classifies a text while it is typed, and adds it to the class that the visitor chooses. */
export function tryCard(app: ClassesApp<string>): void {
  const input = byId('try-text', 'textarea');
  const teachingOf = (id: number): Teaching => {
    const teach = (): void => takeSamples(app, { labelled: [], others: [input.value.trim()], all: 1 }, id);
    const button = newButton('Teach', teach, { className: 'small teach' });
    const update = ({ name }: ClassOf): void => {
      button.setAttribute('aria-label', `Teach that this is ${name.trim()}`);
      button.disabled = input.value.trim() === '' || !canChange(app.store.value);
    };
    return { button, update };
  };
  const rows = new ClassRows(app, byId('classes', 'ul'), teachingOf);
  const telling = new Telling(app, rows, () =>
    input.value.trim() === '' ? { wish: 'Write something, and see what it takes it for.' } : { input: input.value },
  );
  input.addEventListener('input', () => telling.tell());
  void telling.tell();
}
