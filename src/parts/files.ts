import { create } from './dom';

/** Milliseconds after which the URL of a download is revoked. By then, the browser has started the download. */
const REVOKE_AFTER = 60_000;

/** Downloads files under their names. */
export function saveFiles(files: ReadonlyMap<string, Blob>): void {
  for (const [download, blob] of files) {
    const href = URL.createObjectURL(blob);
    create('a', { href, download }).click();
    setTimeout(() => URL.revokeObjectURL(href), REVOKE_AFTER);
  }
}

/** Calls `take` with the files that a visitor chooses in a picker. The visitor can choose the same files again. */
export function onChosen(picker: HTMLInputElement, take: (files: readonly [File, ...File[]]) => void): void {
  picker.addEventListener('change', () => {
    const [file, ...others] = picker.files ?? [];
    picker.value = '';
    if (file !== undefined) take([file, ...others]);
  });
}

/**
 * Calls `drop` for files that are dropped on an element. While files are dragged over the element, marks it with `data-dropping` if
 * `isOpen` returns true.
 */
export function onDrops(zone: HTMLElement, drop: (event: DragEvent) => void, isOpen = (): boolean => true): void {
  let inside = 0;
  const leave = (): void => {
    inside = 0;
    delete zone.dataset.dropping;
  };
  const listen = (type: 'dragenter' | 'dragleave' | 'dragover' | 'drop', react: (event: DragEvent) => void): void =>
    zone.addEventListener(type, (event) => {
      if (hasFiles(event)) react(event);
    });
  listen('dragenter', () => {
    inside++;
    if (isOpen()) zone.dataset.dropping = '';
  });
  listen('dragleave', () => {
    if (--inside <= 0) leave();
  });
  listen('dragover', (event) => event.preventDefault());
  listen('drop', (event) => {
    leave();
    drop(event);
  });
}

export function hasFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes('Files') ?? false;
}
