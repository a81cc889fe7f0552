import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Mount } from '../../../scripts/browsers/serve.mjs';
import { MODEL_ADDRESS } from '../../../scripts/model/model_package.mjs';

/** A block of code in a document. */
export interface CodeBlock {
  readonly kind: string;
  /** The file's path, if the first line names one: `js [src/a.js]`. */
  readonly file: string | undefined;
  readonly text: string;
}

export function codeBlocks(text: string): readonly CodeBlock[] {
  return [...text.matchAll(/^```(\w+)(?: \[([^\]]+)\])?\n([\s\S]*?)^```$/gm)].map(([, kind = '', file, text = '']) => ({
    kind,
    file,
    text,
  }));
}

/** The texts of the guides, by file name. */
export const GUIDES: ReadonlyMap<string, string> = new Map(
  readdirSync('docs/guide').map((name) => [name, readFileSync(`docs/guide/${name}`, 'utf8')]),
);

/** Returns the code blocks of a document that a page can run. */
export function runnable(text: string): readonly CodeBlock[] {
  return codeBlocks(text).filter(({ kind, file }) => kind === 'js' && file === undefined);
}

/** The models of the Hugging Face hub that documents name, each with the local model that replaces it in tests. */
const STAND_INS: Readonly<Record<string, string>> = {
  'HuggingFaceTB/SmolLM2-135M-Instruct': '/models/chat/',
  'HuggingFaceTB/SmolLM2-135M': '/models/prose-1.4M/',
  'sentence-transformers/all-MiniLM-L6-v2': '/models/prose-1.4M/',
};

/** Documents load the small model's package from a CDN; in tests its files are on the page's own server. */
const SMALL = '/small/';
export const SMALL_MOUNTS: Readonly<Record<string, Mount>> = {
  [SMALL]: fileURLToPath(new URL('../../../demo/public/models/prose-1.4M/', import.meta.url)),
  [`${SMALL}moby-dick.txt`]: { type: 'text/plain', body: readFileSync('demo/public/text/moby-dick.txt') },
};

/** Returns a document's text with the addresses of local models in place of those on other servers. */
export function withStandIns(text: string): string {
  return Object.entries(STAND_INS).reduce(
    (before, [from, to]) => before.replaceAll(`'${from}'`, `'${to}'`),
    text.replaceAll(MODEL_ADDRESS, SMALL),
  );
}

/**
 * Joins a document's code blocks into one module. They run one after the other, and share variables and imports. Training
 * and generated texts are shortened for a software adapter.
 */
export function moduleOf(blocks: readonly CodeBlock[]): string {
  const names = new Set<string>();
  const bodies = blocks.map(({ text }) =>
    text.replace(/^import \{([^}]*)\} from 'webvera';\n/gm, (_, list: string) => {
      for (const name of list.split(',')) names.add(name.trim());
      return '';
    }),
  );
  const imports = `import { ${[...names].filter((name) => name !== '').join(', ')} } from '/dist/webvera.js';`;
  const body = bodies
    .join('\n')
    .replace(/max_steps: \d{2,}/g, 'max_steps: 3')
    .replace(/\b(max_new_tokens|maxOutputTokens): \d+/g, '$1: 4');
  return `${imports}\n${withStandIns(body)}`;
}
