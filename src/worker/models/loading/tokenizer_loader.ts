import { type FileSource, readRareFile } from '../../../core/input/file_source';
import type { ParserLimits } from '../../../core/types/source';
import type { GgufFiles } from '../../../formats/gguf/gguf_files';
import { announcing, createTokenizer, type TextTokenizer } from '../../../tokenizer/tokenizer';
import type { SessionHost } from '../../protocol';
import { readTokenizerFiles } from './tokenizer_files';

interface TokenizerRequest {
  readonly modelType?: string | undefined;
  readonly vocabSize?: number | undefined;
  readonly gguf?: GgufFiles | undefined;
}

/** Loads a folder's tokenizer, or a GGUF file's; undefined without either. */
export async function loadTokenizer(
  { host, limits }: { readonly host: SessionHost; readonly limits: ParserLimits },
  source: FileSource,
  { modelType, vocabSize, gguf }: TokenizerRequest = {},
): Promise<TextTokenizer | undefined> {
  // Parsing takes a slow device one second per megabyte of a file (encoding four per megabyte of text).
  const announce = (bytes: number): void => host.quiet?.(bytes / 2 ** 20);
  // Read first, so that a cache with the other files has this one too.
  const chatTemplate = await readRareFile(source, 'chat_template.jinja', limits.json);
  let files = await readTokenizerFiles(source, limits, modelType);
  if (files === undefined && gguf !== undefined) {
    // Merges that the file lacks are computed without interruption.
    announce(await gguf.headerBytes());
    files = await gguf.tokenizer();
  }
  if (files === undefined) return undefined;
  announce(files.bytes);
  const { renderChat } = host;
  const tokenizer = createTokenizer(files.tokenizer, files.config, {
    ...(vocabSize !== undefined && { vocabSize }),
    ...(chatTemplate !== undefined && { chatTemplate: new TextDecoder().decode(chatTemplate) }),
    ...(renderChat !== undefined && { renderChat }),
  });
  return announcing(tokenizer, (length) => host.quiet?.(length / 2 ** 18));
}
