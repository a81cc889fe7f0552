import { create } from '../page/dom';

/** A field is described by the note beside it. */
export function describeByNote(input: HTMLElement, name: string): void {
  const note = input.parentElement?.querySelector('.note');
  if (note) note.id = `${name}-note`;
  input.setAttribute('aria-describedby', `${name}-note`);
}

/** Shows what is wrong with a field, below its note; undefined where nothing is. */
export function showProblem(control: HTMLElement, name: string, problem: string | undefined): void {
  const id = `${name}-problem`;
  const shown = document.getElementById(id);
  control.toggleAttribute('aria-invalid', problem !== undefined);
  if (problem === undefined) {
    shown?.remove();
    control.setAttribute('aria-describedby', `${name}-note`);
    return;
  }
  control.setAttribute('aria-invalid', 'true');
  control.setAttribute('aria-describedby', `${name}-note ${id}`);
  const message = shown ?? create('p', { id, className: 'problem' });
  message.textContent = problem;
  if (shown === null) document.getElementById(`${name}-note`)?.after(message);
}
