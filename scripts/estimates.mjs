// `npm run estimates`: writes the guide's table of the memory that models need.
import { readFileSync, writeFileSync } from 'node:fs';
import { buildIfStale } from './build/build_if_stale.mjs';
import { loadLibrary } from './cli/library.mjs';
import { estimatesTable } from './estimates/table.mjs';
import { runCommand } from './shared/command.mjs';
import { inRepository } from './shared/paths.mjs';

const GUIDE = inRepository('docs/guide/memory.md');

await runCommand('estimates', async () => {
  buildIfStale();
  const estimates = await estimatesTable(await loadLibrary());
  const text = readFileSync(GUIDE, 'utf8');
  const table = /^\| Model \| Download \|.*\n(?:\|.*\n)*/m;
  if (!table.test(text)) throw new Error('docs/guide/memory.md has no table that begins with Model and Download.');
  writeFileSync(GUIDE, text.replace(table, `${estimates}\n`));
  console.log(estimates);
});
