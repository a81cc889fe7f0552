export interface DroppedFiles {
  readonly files: readonly File[];
  /** The name of the folder, where one was dropped. */
  readonly folder: string | undefined;
}

/** Takes files, or one folder of files, that are dropped on an element. */
export function onDrop(zone: HTMLElement, enabled: () => boolean, take: (dropped: DroppedFiles) => void): void {
  let inside = 0;
  const leave = (): void => {
    inside = 0;
    delete zone.dataset.dropping;
  };
  zone.addEventListener('dragenter', (event) => {
    if (!hasFiles(event)) return;
    inside++;
    if (enabled()) zone.dataset.dropping = '';
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
    if (enabled() && event.dataTransfer !== null) void readDrop(event.dataTransfer).then(take);
  });
}

/** A file that misses its target must not replace the page, and what was typed in it. */
export function refuseStrayDrops(): void {
  for (const type of ['dragover', 'drop'] as const) {
    document.addEventListener(type, (event) => {
      if (hasFiles(event)) event.preventDefault();
    });
  }
}

function hasFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes('Files') ?? false;
}

async function readDrop(transfer: DataTransfer): Promise<DroppedFiles> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  const folder = entries.find((entry) => entry?.isDirectory);
  if (!folder) return { files: [...transfer.files], folder: undefined };
  return { files: await filesIn(folder as FileSystemDirectoryEntry), folder: folder.name };
}

async function filesIn(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const reader = folder.createReader();
  const files: File[] = [];
  for (;;) {
    // A reader hands out a hundred entries at a time, and none at the end.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return files;
    for (const entry of entries) {
      if (entry.isFile) {
        files.push(await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)));
      }
    }
  }
}
