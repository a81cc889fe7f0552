import { readFileSync } from 'node:fs';
import { goldenBase } from './golden';

interface GoldenSentences {
  readonly texts: readonly string[];
  readonly pairs: readonly (readonly [string, string])[];
  /** For each base model: the class of transformers' model without a head, and the names of its modules. */
  readonly networks: Readonly<Record<string, { readonly class: string; readonly modules: readonly string[] }>>;
  /** The first token's hidden state for each image of a golden case. */
  readonly image: { readonly case: string; readonly vectors: readonly (readonly number[])[] };
  readonly rows: readonly GoldenFolder[];
}

export interface GoldenFolder {
  readonly situation: string;
  readonly base: string;
  /** The files of the tokenizer and of sentence-transformers, by name. */
  readonly files: Readonly<Record<string, unknown>>;
  /** The weights of the layers after the pooling, in base64, by the names of their files. */
  readonly weights?: Readonly<Record<string, string>>;
  /** The first texts as a batch, padded on the left. */
  readonly tokens?: {
    readonly input_ids: readonly (readonly number[])[];
    readonly attention_mask: readonly (readonly number[])[];
  };
  /** The vectors of the first texts; in some folders, those of the text pairs follow. */
  readonly vectors: readonly (readonly number[])[];
}

export const goldenSentences = JSON.parse(readFileSync('test/golden/sentences.json', 'utf8')) as GoldenSentences;

export function goldenFolder(situation: string): GoldenFolder {
  const found = goldenSentences.rows.find((row) => row.situation === situation);
  if (found === undefined) throw new Error(`sentences.json has no ${situation}`);
  return found;
}

/** Returns the folder's files with `changes`: a file is replaced, or removed if its new content is undefined. */
export function folderFiles(
  { base, files, weights = {} }: GoldenFolder,
  changes: Readonly<Record<string, unknown>> = {},
) {
  const all = Object.entries({ ...files, ...changes }).filter(([, contents]) => contents !== undefined);
  const own = new Map(all.map(([name, contents]) => [name, new Blob([JSON.stringify(contents)])]));
  const others = Object.entries(weights).map(
    ([name, base64]) => [name, new Blob([Buffer.from(base64, 'base64')])] as const,
  );
  return { files: new Map([...goldenBase(`base/${base}`).files, ...own, ...others]) };
}

type EmbeddedText = string | { readonly text: string; readonly text_pair: string };

/** Returns the texts and pairs that a folder's vectors belong to. */
export function folderInputs({ vectors }: GoldenFolder): readonly EmbeddedText[] {
  const { texts, pairs } = goldenSentences;
  // Some folders have vectors of all texts. The others have vectors of the first twelve texts, and possibly of text pairs after them.
  const first = vectors.length === texts.length ? texts : texts.slice(0, 12);
  return [...first, ...pairs.slice(0, vectors.length - first.length).map(([text, text_pair]) => ({ text, text_pair }))];
}
