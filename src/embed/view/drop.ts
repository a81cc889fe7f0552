/** Takes a file that is dropped on an element. */
export function takeDrops(zone: HTMLElement, take: (file: File) => void): void {
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
    const [file] = event.dataTransfer?.files ?? [];
    if (file !== undefined) take(file);
  });
}

function hasFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes('Files') ?? false;
}
