// Writes and checks reports of the package's public API, one file for each entry. They are under version control, so that reviews see each
// change of the API.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inRepository } from '../shared/paths.mjs';
import { onExit, remove } from '../shared/processes.mjs';
import { invokeExtractor } from './extractor.mjs';

const ENTRIES = ['webvera', 'ai', 'node', 'bench'];

/**
 * Compares the reports in `api/` with the types in `dist/`, or writes them.
 * @param {{ update: boolean }} options
 * @returns {string[]} complaints
 */
export function checkApiReports({ update }) {
  const folder = mkdtempSync(join(tmpdir(), 'webvera-'));
  const clean = onExit(() => remove(folder));
  const complaints = ENTRIES.flatMap((name) => {
    const types = join(folder, `${name}.d.ts`);
    // Removes the names that `webvera/node` re-exports: they are in the report of `webvera`.
    writeFileSync(types, readFileSync(inRepository(`dist/${name}.d.ts`), 'utf8').replace(/^export \* from .*\n/m, ''));
    const complaints = invokeExtractor(types, {
      apiReport: {
        enabled: true,
        reportFileName: name,
        reportFolder: folder,
        reportTempFolder: join(folder, 'made'),
      },
    });
    const [made, kept] = [join(folder, 'made', `${name}.api.md`), inRepository(`api/${name}.api.md`)];
    if (update) {
      mkdirSync(inRepository('api'), { recursive: true });
      copyFileSync(made, kept);
    } else if (!existsSync(kept) || readFileSync(kept, 'utf8') !== readFileSync(made, 'utf8')) {
      complaints.push(`api/${name}.api.md is not what dist/${name}.d.ts says: look at it after npm run api`);
    }
    return complaints;
  });
  clean();
  return complaints;
}
