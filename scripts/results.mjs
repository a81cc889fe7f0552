// `npm run results -- TABLE`: trains what a table of RESULTS.md tells of, and writes the table anew.

import { loadLibrary } from './cli/library.mjs';
import { runCommand } from './lib/command.mjs';
import { openAdapter } from './lib/dawn.mjs';
import { readArguments, UsageError } from './lib/options.mjs';
import { images } from './results/images.mjs';
import { language } from './results/language.mjs';
import { writeTable } from './results/report.mjs';
import { texts } from './results/texts.mjs';

/**
 * @typedef {object} Bench what a table is made with
 * @property {typeof import('../src/node')} library
 * @property {import('../src/index').Session} session
 * @property {number} seeds how many runs a row is the mean of
 * @property {(line: string) => void} tell
 */

/** @type {Readonly<Record<string, (bench: Bench) => Promise<import('./results/report.mjs').Table>>>} */
const TABLES = { language, texts, images };

const HELP = `npm run results -- TABLE [--seeds N] [--adapter gpu|llvmpipe]

Trains for a table of RESULTS.md, and writes it there. Tables: ${Object.keys(TABLES).join(', ')}.
npm run results:data brings what they are measured on.`;

await runCommand('results', async () => {
  const { values, positionals } = readArguments(
    process.argv.slice(2),
    { help: { type: 'boolean' }, seeds: { type: 'string', default: '3' }, adapter: { type: 'string', default: 'gpu' } },
    true,
  );
  const [name = '', ...others] = positionals;
  const make = Object.hasOwn(TABLES, name) ? TABLES[name] : undefined;
  if (values.help) return console.log(HELP);
  if (make === undefined || others.length > 0)
    throw new UsageError(`expected one of ${Object.keys(TABLES).join(', ')}`);
  if (values.adapter !== 'gpu' && values.adapter !== 'llvmpipe') throw new UsageError('--adapter is gpu or llvmpipe');
  const library = await loadLibrary();
  const { gpu, device } = await openAdapter(library, values.adapter);
  const session = await library.Session.open({ worker: false, gpu, store: 'memory' });
  // Heads are new, as they are meant to be.
  session.addEventListener('warning', () => {});
  try {
    const table = await make({ library, session, seeds: Number(values.seeds), tell: (line) => console.error(line) });
    writeTable(name, table, device);
  } finally {
    await session.close();
  }
});
