import { readFileSync } from 'node:fs';
import { goldenBase } from './golden';

interface GoldenSentences {
  readonly texts: readonly string[];
  readonly pairs: readonly (readonly [string, string])[];
  /** Modules of transformers' networks without a head, by base. */
  readonly networks: Readonly<Record<string, { readonly class: string; readonly modules: readonly string[] }>>;
  /** Hidden states of the first tokens, for the images of a case. */
  readonly image: { readonly case: string; readonly vectors: readonly (readonly number[])[] };
  readonly rows: readonly GoldenFolder[];
}

export interface GoldenFolder {
  readonly situation: string;
  readonly base: string;
  /** Files of the tokenizer and of sentence-transformers. */
  readonly files: Readonly<Record<string, unknown>>;
  /** The first texts as a batch padded on the left. */
  readonly tokens?: {
    readonly input_ids: readonly (readonly number[])[];
    readonly attention_mask: readonly (readonly number[])[];
  };
  /** Vectors of the first texts, followed by those of the pairs if there are more vectors than texts. */
  readonly vectors: readonly (readonly number[])[];
}

export const goldenSentences = JSON.parse(readFileSync('test/golden/sentences.json', 'utf8')) as GoldenSentences;

export function goldenFolder(situation: string): GoldenFolder {
  const found = goldenSentences.rows.find((row) => row.situation === situation);
  if (found === undefined) throw new Error(`sentences.json has no ${situation}`);
  return found;
}

/** The folder as a source. `changes` replaces files, and removes those that are undefined. */
export function folderFiles({ base, files }: GoldenFolder, changes: Readonly<Record<string, unknown>> = {}) {
  const all = Object.entries({ ...files, ...changes }).filter(([, contents]) => contents !== undefined);
  const own = new Map(all.map(([name, contents]) => [name, new Blob([JSON.stringify(contents)])]));
  return { files: new Map([...goldenBase(`base/${base}`).files, ...own]) };
}

type EmbeddedText = string | { readonly text: string; readonly text_pair: string };

/** The texts and pairs that a folder's vectors belong to. */
export function folderInputs({ vectors }: GoldenFolder): readonly EmbeddedText[] {
  const { texts, pairs } = goldenSentences;
  // Folders with fewer vectors have those of twelve texts, and some have the pairs' after these.
  const first = vectors.length === texts.length ? texts : texts.slice(0, 12);
  return [...first, ...pairs.slice(0, vectors.length - first.length).map(([text, text_pair]) => ({ text, text_pair }))];
}
