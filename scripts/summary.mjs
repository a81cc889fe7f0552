// Prints the closing line of a test run from vitest's JSON report; exits with 1 where that shows no test, or a failed one.
import { readFileSync } from 'node:fs';
import { summarize } from './lib/summarize.mjs';

const [file] = process.argv.slice(2);
const { passed, failed, skipped } = summarize(file === undefined ? '' : readFileSync(file, 'utf8'));
process.exitCode = passed > 0 && failed === 0 ? 0 : 1;
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
