// Prints what failed and the closing line of a test run from vitest's JSON reports; exits with 1 where one shows no test, or a failed one.
import { existsSync, readFileSync } from 'node:fs';
import { failures, summarize, total } from './lib/summarize.mjs';

const texts = process.argv.slice(2).map((file) => (existsSync(file) ? readFileSync(file, 'utf8') : ''));
const reports = texts.map(summarize);
const { passed, failed, skipped } = total(reports);
const complete = reports.length > 0 && reports.every((report) => report.passed + report.skipped > 0);
process.exitCode = complete && passed > 0 && failed === 0 ? 0 : 1;
for (const line of texts.flatMap(failures)) console.log(`failed: ${line}`);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
