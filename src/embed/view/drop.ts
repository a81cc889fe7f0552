/** Takes files that are dropped on an element: one or more. */
export function takeDrops(zone: HTMLElement, take: (...files: readonly [File, ...File[]]) => void): void {
  let inside = 0;
  const leave = (): void => {
    inside = 0;
    delete zone.dataset.dropping;
  };
  zone.addEventListener('dragenter', (event) => {
    if (!hasFiles(event)) return;
    inside++;
    zone.dataset.dropping = '';
  });
  zone.addEventListener('dragleave', (event) => {
    if (hasFiles(event) && --inside <= 0) leave();
  });
  zone.addEventListener('dragover', (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  zone.addEventListener('drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    leave();
    const [file, ...others] = event.dataTransfer?.files ?? [];
    if (file !== undefined) take(file, ...others);
  });
}

function hasFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes('Files') ?? false;
}
