// `npm run test:times`: prints the times of the last runs of the test rings, by project and by file, from their reports.
import { existsSync, readFileSync } from 'node:fs';
import { runCommand } from './shared/command.mjs';
import { integer, readFlags, UsageError } from './shared/options.mjs';
import { inRepository } from './shared/paths.mjs';
import { markdownTable } from './shared/table.mjs';
import { RINGS, reportOf } from './test/rings.mjs';
import { FILE_HEAD, fileRows, PROJECT_HEAD, projectRows, timesOf } from './test/times.mjs';

/** @typedef {import('./test/times.mjs').FileTimes} FileTimes */

await runCommand('test:times', async () => {
  const flags = readFlags(process.argv.slice(2), { files: { type: 'string', default: '20' } });
  const most = integer('files', flags.files, { min: 1, max: 10_000 });
  const rings = /** @type {(keyof typeof RINGS)[]} */ (Object.keys(RINGS));
  const found = rings.flatMap((name) => {
    const file = inRepository(timesOf(reportOf(name)));
    return existsSync(file)
      ? [{ name, files: /** @type {FileTimes[]} */ (JSON.parse(readFileSync(file, 'utf8'))) }]
      : [];
  });
  if (found.length === 0)
    throw new UsageError('No run has left its times in out/tests: run a ring, such as npm test, first');
  for (const { name, files } of found) {
    console.log(`## ${name}, seconds\n`);
    console.log(`${markdownTable(PROJECT_HEAD, projectRows(files))}\n`);
    console.log(`${markdownTable(FILE_HEAD, fileRows(files, most))}\n`);
  }
});
