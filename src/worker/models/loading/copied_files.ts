import { untilAborted } from '../../../core/async/abort';
import { WebVeraError } from '../../../core/errors/error';
import type { Warn } from '../../../core/errors/warning';
import { PREPROCESSOR_FILE, PROCESSOR_FILE } from '../../../formats/models/model_files';
import { GENERATION_FILE } from '../../../formats/models/stop_tokens';
import type { BaseModel } from '../base_model';
import { TEMPLATE_FILE } from './tokenizer_loader';

/** The files of each kind of vocabulary. The folder's kind is the first one whose first file exists. */
const VOCABULARIES = [
  ['tokenizer.json'],
  ['vocab.json', 'merges.txt', 'added_tokens.json'],
  ['vocab.txt', 'added_tokens.json'],
] as const;

type Copied = Pick<BaseModel, 'preprocessors' | 'tokenizer'> & {
  readonly loaded: { readonly model: Pick<BaseModel['loaded']['model'], 'task' | 'image'> };
};

/**
 * Reads the small files of a model's folder that an exported folder needs besides config.json and the weights: the files of the tokenizer,
 * and the settings for chats, generation and images. They are read again, because they don't stay in memory after the load. One warning
 * names all files that can't be read any more.
 */
export async function copiedFiles(
  { preprocessors: { readAgain }, tokenizer, loaded: { model } }: Copied,
  { signal, warn }: { readonly signal: AbortSignal; readonly warn: Warn },
): Promise<ReadonlyMap<string, Blob>> {
  const copies = new Map<string, Blob>();
  if (readAgain === undefined) return copies;
  const unread = new Map<string, string>();
  /** Resolves with false if the folder lacks the file. */
  const copy = async (name: string): Promise<boolean> => {
    try {
      const bytes = await untilAborted(readAgain(name), signal);
      if (bytes !== undefined) copies.set(name, new Blob([bytes]));
      return bytes !== undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof WebVeraError)) throw error;
      unread.set(name, error.message);
      return true;
    }
  };
  const copyVocabulary = async (): Promise<void> => {
    for (const [name, ...rest] of VOCABULARIES) {
      if (!(await copy(name))) continue;
      await Promise.all(rest.map(copy));
      return;
    }
    unread.set('tokenizer.json', "the model's folder has none");
  };
  const hasTokenizer = tokenizer !== undefined;
  const { generates } = model.task;
  const others = [
    ...(hasTokenizer ? ['tokenizer_config.json', 'special_tokens_map.json'] : []),
    ...(hasTokenizer && generates ? [TEMPLATE_FILE] : []),
    ...(generates ? [GENERATION_FILE] : []),
    ...(model.image === undefined ? [] : [PREPROCESSOR_FILE, PROCESSOR_FILE]),
  ];
  await Promise.all([...(hasTokenizer ? [copyVocabulary()] : []), ...others.map(copy)]);
  const [reason] = unread.values();
  if (reason !== undefined) {
    const names = [...unread.keys()].join(', ');
    const message = `export_model: the folder lacks ${names} (${reason}). Copy what the original folder has of them`;
    warn({ code: 'files_not_copied', message });
  }
  return copies;
}
