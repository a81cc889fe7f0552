import { hasFiles, onChosen, onDrops } from '../../../src/parts/files';
import { ChoiceProblem } from '../library/choice_problem';
import { evenly } from '../library/evenly';
import { onClick } from './dom';

export interface ChosenFiles {
  readonly files: readonly File[];
  /** The name of the dropped folder, if any. */
  readonly folder: string | undefined;
  /** Reads all files by their paths, including nested folders: 'mail/spam/1.txt'. */
  all(): Promise<ReadonlyMap<string, File>>;
}

/** Files and folders beyond these limits are ignored, in case somebody drops a whole disk. */
const MOST_FILES = 2000;
const MOST_FOLDERS = 500;
const DEEPEST = 8;

/** Opens a file picker when the button is clicked, and passes the chosen files to `take`. */
export function onFiles(
  button: HTMLButtonElement,
  picker: HTMLInputElement,
  take: (chosen: ChosenFiles) => unknown,
): void {
  onClick(button, () => picker.click());
  onChosen(picker, (files) => void take(chosen(files)));
}

/** Passes the files, or the one folder, that are dropped on an element to `take`. */
export function onDrop(zone: HTMLElement, enabled: () => boolean, take: (dropped: ChosenFiles) => unknown): void {
  const drop = (event: DragEvent): void => {
    if (event.defaultPrevented) return; // a zone within this one has taken the files
    event.preventDefault();
    if (enabled() && event.dataTransfer !== null) void readDrop(event.dataTransfer).then(take, () => take(UNREADABLE));
  };
  onDrops(zone, drop, enabled);
}

/** Prevents the browser from opening a file that is dropped outside all drop zones: the page and its typed text would be lost. */
export function refuseStrayDrops(): void {
  for (const type of ['dragover', 'drop'] as const) {
    document.addEventListener(type, (event) => {
      if (hasFiles(event)) event.preventDefault();
    });
  }
}

function chosen(files: readonly File[]): ChosenFiles {
  const all = new Map(files.map((file) => [file.webkitRelativePath || file.name, file]));
  return { files, folder: undefined, all: async () => all };
}

/** A dropped folder that the browser can't list. */
const UNREADABLE: ChosenFiles = {
  files: [],
  folder: undefined,
  all: async () => {
    throw new ChoiceProblem('This folder could not be read.');
  },
};

async function readDrop(transfer: DataTransfer): Promise<ChosenFiles> {
  const files = [...transfer.files];
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  // Drops from scripts and other programs may have no entries.
  if (entries.length === 0) return chosen(files);
  const all = (): Promise<ReadonlyMap<string, File>> => filesWithin(entries);
  const folder = entries.find(isFolder);
  if (folder === undefined) return { files, folder: undefined, all };
  const inside = await Promise.all((await entriesIn(folder)).filter(isFile).map(fileOf));
  return { files: inside, folder: folder.name, all };
}

/** Reads files, and the files in folders, by path. If there are too many, reads only some of each folder. */
export async function filesWithin(entries: readonly FileSystemEntry[]): Promise<ReadonlyMap<string, File>> {
  const groups = [entries.filter(isFile)];
  let folders = entries.filter(isFolder);
  for (let depth = 1; depth < DEEPEST && folders.length > 0 && groups.flat().length < MOST_FILES; depth++) {
    const inner: FileSystemEntry[][] = [];
    for (const folder of folders.slice(0, MOST_FOLDERS)) inner.push(await entriesIn(folder));
    for (const some of inner) groups.push(some.filter(isFile));
    folders = inner.flat().filter(isFolder);
  }
  const files = new Map<string, File>();
  for (const entry of shared(groups)) files.set(entry.fullPath.replace(/^\//, ''), await fileOf(entry));
  return files;
}

/** Returns at most `MOST_FILES` items. Small groups are returned whole, and larger groups get equal shares of the rest. */
function shared<Item>(groups: readonly (readonly Item[])[]): Item[] {
  let room = MOST_FILES;
  const smallestFirst = groups.toSorted((a, b) => a.length - b.length);
  return smallestFirst.flatMap((group, index) => {
    const share = evenly(group, Math.floor(room / (groups.length - index)));
    room -= share.length;
    return share;
  });
}

async function entriesIn(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const entries: FileSystemEntry[] = [];
  while (entries.length < MOST_FILES) {
    // Chrome returns at most a hundred entries per call, and Firefox returns all of them. An empty list marks the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break;
    for (const entry of some) entries.push(entry);
  }
  return entries;
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
