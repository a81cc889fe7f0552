import { onClick } from './dom';

/** A button that lets files be chosen, by their paths where a folder is chosen, else by their names. */
export function onFiles(
  button: HTMLButtonElement,
  picker: HTMLInputElement,
  take: (files: ReadonlyMap<string, File>) => void,
): void {
  onClick(button, () => picker.click());
  picker.addEventListener('change', () => {
    const files = [...(picker.files ?? [])];
    picker.value = '';
    if (files.length > 0) take(new Map(files.map((file) => [file.webkitRelativePath || file.name, file])));
  });
}
