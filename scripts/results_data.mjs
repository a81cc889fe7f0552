// `npm run results:data`: downloads the data that results are measured on, and writes training and test sets.
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readFashionMnist } from './results/data/fashion_mnist.mjs';
import { bring, dataFolder, fetchCommand, spell } from './results/data/fetch.mjs';
import { SOURCES } from './results/data/sources.mjs';
import { readSpam } from './results/data/spam.mjs';
import { readWordNet } from './results/data/wordnet.mjs';
import { runCommand } from './shared/command.mjs';
import { CommandFailure } from './shared/options.mjs';
import { size } from './shared/progress.mjs';

/** @typedef {import('./results/data/sources.mjs').Source} Source */

await runCommand('results:data', async () => {
  const root = dataFolder();
  console.log(`In ${root}:`);
  let missing = 0;
  for (const source of SOURCES) {
    try {
      const folder = await bring(source, root, (message) => console.error(message));
      console.log(`${source.name}: ${source.title} (${source.license}): ${prepare(source, folder)}`);
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      missing += 1;
      console.error(`${source.name}: not here, as ${error.message}. It comes by: ${spell(fetchCommand(source))}`);
    }
  }
  if (missing > 0) throw new CommandFailure(`${missing} of ${SOURCES.length} are missing`);
});

/**
 * @param {Source} source
 * @param {string} folder
 * @returns {string} a summary of the data
 */
function prepare({ name }, folder) {
  if (name === 'wordnet') return writeSplit(folder, readWordNet(folder));
  if (name === 'spam') return writeSplit(folder, readSpam(folder));
  if (name === 'fashion-mnist') {
    return `${readFashionMnist(folder, 'train').length} images to train on, ${readFashionMnist(folder, 'test').length} to test`;
  }
  const files = readdirSync(folder).filter((file) => /^(config|tokenizer)\.json$|\.(safetensors|gguf)$/.test(file));
  return files.map((file) => `${file} ${size(statSync(join(folder, file)).size)}`).join(', ');
}

/**
 * Writes train.jsonl and test.jsonl.
 * @param {string} folder
 * @param {import('./results/data/split.mjs').Split} split
 */
function writeSplit(folder, { train, test }) {
  for (const [name, examples] of Object.entries({ train, test })) {
    writeFileSync(join(folder, `${name}.jsonl`), examples.map((example) => `${JSON.stringify(example)}\n`).join(''));
  }
  const labels = new Set(train.map(({ label }) => label)).size;
  return `${train.length} texts to train on, ${test.length} to test, ${labels} labels`;
}
