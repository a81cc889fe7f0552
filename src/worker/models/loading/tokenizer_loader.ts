import { lazily } from '../../../core/async/lazily';
import { expectKnown, type FileSource, readRareFile } from '../../../core/input/file_source';
import type { ParserLimits } from '../../../core/types/source';
import type { GgufFiles } from '../../../formats/gguf/gguf_files';
import { announcing, createTokenizer, type TextTokenizer } from '../../../tokenizer/tokenizer';
import { mayMarkTurns } from '../../../tokenizer/turn_tokens';
import type { SessionHost } from '../../protocol';
import { readTokenizerFiles } from './tokenizer_files';

/** The file with a folder's chat template, if tokenizer_config.json has none. */
export const TEMPLATE_FILE = 'chat_template.jinja';

interface TokenizerRequest {
  readonly modelType?: string | undefined;
  readonly vocabSize?: number | undefined;
  readonly gguf?: GgufFiles | undefined;
  /** Whether the page can give the hub's token. The page can give it only while the model loads. */
  readonly hasToken?: boolean | undefined;
  /** Reads the other files that a chat needs, if the model may chat. Called before the tokenizer's last file is read. */
  readonly onChat?: (() => Promise<void>) | undefined;
}

/**
 * Loads a folder's tokenizer, or a GGUF file's; undefined if there is neither. The chat template is read at once if the model may chat, so
 * that it can chat offline later, or if the page can give a token. Otherwise the template is read when it is first used, because most
 * folders have none, and browsers log each missing file as an error.
 */
export async function loadTokenizer(
  { host, limits }: { readonly host: SessionHost; readonly limits: ParserLimits },
  source: FileSource,
  { modelType, vocabSize, gguf, hasToken = false, onChat }: TokenizerRequest = {},
): Promise<TextTokenizer | undefined> {
  // On a slow device, parsing takes one second per megabyte of a file, and encoding takes four seconds per megabyte of text.
  const announce = (bytes: number): void => host.quiet?.(bytes / 2 ** 20);
  const readTemplate = async (): Promise<string | undefined> => {
    const bytes = await readRareFile(source, TEMPLATE_FILE, limits.json);
    return bytes && new TextDecoder().decode(bytes);
  };
  let chatTemplate = lazily(async () => {
    await expectKnown(source, TEMPLATE_FILE);
    return readTemplate();
  });
  const readTemplateNow = async (): Promise<void> => {
    const template = await readTemplate();
    chatTemplate = async () => template;
  };
  // The files that a chat needs are read before the tokenizer's last file. So a cache with the whole tokenizer has these files, too.
  const onTokenizer = async (json: string): Promise<void> => {
    if (!mayMarkTurns(json)) return;
    if (!hasToken) await readTemplateNow();
    await onChat?.();
  };
  if (hasToken) await readTemplateNow();
  let files = await readTokenizerFiles(source, limits, { modelType, onTokenizer });
  if (files === undefined && gguf !== undefined) {
    if (!hasToken) await readTemplateNow();
    // If the GGUF file lacks merges, they are computed, which blocks the thread.
    announce(await gguf.headerBytes());
    files = await gguf.tokenizer();
  }
  if (files === undefined) return undefined;
  announce(files.bytes);
  const { renderChat } = host;
  const tokenizer = createTokenizer(files.tokenizer, files.config, {
    ...(vocabSize !== undefined && { vocabSize }),
    stages: files.stages,
    chatTemplate,
    ...(renderChat !== undefined && { renderChat }),
  });
  return announcing(tokenizer, (length) => host.quiet?.(length / 2 ** 18));
}
