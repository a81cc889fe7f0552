import { onChosen } from '../../../src/parts/files';
import { onClick } from './dom';

/** Lets a button open a picker. `take` gets the files by their paths in a chosen folder, or by their names. */
export function onFiles(
  button: HTMLButtonElement,
  picker: HTMLInputElement,
  take: (files: ReadonlyMap<string, File>) => void,
): void {
  onClick(button, () => picker.click());
  onChosen(picker, (...files) => take(new Map(files.map((file) => [file.webkitRelativePath || file.name, file]))));
}
