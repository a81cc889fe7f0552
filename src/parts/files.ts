import { create } from './dom';

/** Time in milliseconds that a browser gets to start a download before its address is revoked. */
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
export function onChosen(picker: HTMLInputElement, take: (...files: readonly [File, ...File[]]) => void): void {
  picker.addEventListener('change', () => {
    const [file, ...others] = picker.files ?? [];
    picker.value = '';
    if (file !== undefined) take(file, ...others);
  });
}

/** Calls `drop` for files dropped on an element, and marks the element with `data-dropping` while they are dragged over it. */
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
