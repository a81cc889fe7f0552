import { late } from '../../core/async/late';
import type { FileSource } from '../../core/input/file_source';
import type { ParserLimits } from '../../core/types/source';
import type { GgufFiles } from './gguf_files';

/** The reader of GGUF files. */
export const ggufCode = late(async () => await import('./gguf_files'));

/** Opens a source's GGUF file, if one is named. */
export async function openGguf(
  source: FileSource,
  file: string | undefined,
  limits: ParserLimits,
): Promise<GgufFiles | undefined> {
  if (file === undefined) return undefined;
  const { GgufFiles } = await ggufCode();
  return new GgufFiles(source, file, limits);
}
