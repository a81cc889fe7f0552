// `npm run results -- TABLE`: measures a table of RESULTS.md and writes it.

import { openAdapter } from './browsers/dawn.mjs';
import { buildIfStale } from './build/build_if_stale.mjs';
import { loadLibrary } from './cli/library.mjs';
import { keptRows } from './results/kept_rows.mjs';
import { adapters } from './results/tables/adapters.mjs';
import { facts } from './results/tables/facts.mjs';
import { images } from './results/tables/images.mjs';
import { language } from './results/tables/language.mjs';
import { packed } from './results/tables/packed.mjs';
import { pairs } from './results/tables/pairs.mjs';
import { ratings } from './results/tables/ratings.mjs';
import { smollm2 } from './results/tables/smollm2.mjs';
import { texts } from './results/tables/texts.mjs';
import { runCommand } from './shared/command.mjs';
import { readArguments, UsageError } from './shared/options.mjs';

/** @type {Readonly<Record<string, import('./results/report.mjs').Table>>} */
const TABLES = { language, adapters, packed, smollm2, pairs, facts, ratings, texts, images };

const HELP = `npm run results -- TABLE [--seeds N] [--adapter gpu|llvmpipe] [--again]

Trains the models of a table in docs/RESULTS.md, and writes it row by row. Existing rows from this device stay, unless --again is given.
Tables: ${Object.keys(TABLES).join(', ')}.
npm run results:data downloads their data and models.`;

await runCommand('results', async () => {
  const { values, positionals } = readArguments(
    process.argv.slice(2),
    {
      help: { type: 'boolean' },
      seeds: { type: 'string', default: '3' },
      adapter: { type: 'string', default: 'gpu' },
      again: { type: 'boolean' },
    },
    true,
  );
  const [name = '', ...others] = positionals;
  const table = Object.hasOwn(TABLES, name) ? TABLES[name] : undefined;
  if (values.help) return console.log(HELP);
  if (table === undefined || others.length > 0)
    throw new UsageError(`expected one of ${Object.keys(TABLES).join(', ')}`);
  if (values.adapter !== 'gpu' && values.adapter !== 'llvmpipe') throw new UsageError('--adapter is gpu or llvmpipe');
  const seeds = Number(values.seeds);
  if (!Number.isInteger(seeds) || seeds < 1) throw new UsageError('--seeds is a whole number from 1 on');
  buildIfStale();
  const library = await loadLibrary();
  const { gpu, device } = await openAdapter(library, values.adapter);
  const session = await library.Session.open({ worker: false, gpu, store: 'memory' });
  // Warnings about new heads are expected.
  session.addEventListener('warning', () => {});
  const report = (/** @type {string} */ line) => console.error(line);
  try {
    const row = keptRows(name, table, { device, seeds, again: values.again === true, report });
    await table.make({ library, session, seeds, row, report });
  } finally {
    await session.close();
  }
});
