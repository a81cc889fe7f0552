import { late } from '../../core/async/late';
import type { FileSource } from '../../core/input/file_source';
import type { ParserLimits } from '../../core/types/source';
import type { GgufFiles } from './gguf_files';

/** Loads the code that reads GGUF files. */
export const ggufCode = late(async () => await import('./gguf_files'));

/** Opens the source's GGUF file. Returns undefined if `file` is undefined. */
export async function openGguf(
  source: FileSource,
  file: string | undefined,
  limits: ParserLimits,
): Promise<GgufFiles | undefined> {
  if (file === undefined) return undefined;
  const { GgufFiles } = await ggufCode();
  return new GgufFiles(source, file, limits);
}
