import { saveFiles } from '../../../src/parts/files';

/** Downloads `files`, whose keys are the paths in the zip, as one zip. The zip code is loaded at the first call. */
export async function saveZip(name: string, files: ReadonlyMap<string, Blob>): Promise<void> {
  const { zipFiles } = await import('../../../scripts/shared/zip.mjs');
  saveFiles(new Map([[name, await zipFiles(files)]]));
}
