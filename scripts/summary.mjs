// Prints the failures and counts of tests from the JSON reports of vitest, for the rings (sets of tests) that `.ci/run` runs. Exits with 1
// if a test failed or a ring has no results.
import { existsSync, readFileSync } from 'node:fs';
import { inRepository } from './shared/paths.mjs';
import { reportOf } from './test/rings.mjs';
import { failures, summarize, total } from './test/summarize.mjs';

const files = /** @type {const} */ (['test', 'all']).map((ring) => inRepository(reportOf(ring)));
const texts = files.map((file) => (existsSync(file) ? readFileSync(file, 'utf8') : ''));
const reports = texts.map(summarize);
const { passed, failed, skipped } = total(reports);
const isComplete = reports.every((report) => report.passed + report.skipped > 0);
process.exitCode = isComplete && passed > 0 && failed === 0 ? 0 : 1;
for (const line of texts.flatMap(failures)) console.log(`failed: ${line}`);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
