// The times of test files, as test/times/reporter.ts writes them, and the tables that `npm run test:times` prints.

/**
 * The times of a test file, in milliseconds. `total` includes `imports`; the other times overlap, see test/times/spent.ts.
 * @typedef {{ project: string, file: string, total: number, imports: number, launching: number, compiling: number, idle: number }} FileTimes
 */
/** @typedef {readonly string[]} Row */

const PARTS = /** @type {const} */ (['total', 'imports', 'launching', 'compiling', 'idle']);

/** Returns the path of the file with the times, which is beside vitest's JSON report. @param {string} report */
export function timesOf(report) {
  return report.replace(/\.json$/, '.times.json');
}

/**
 * Returns one row for each project, in the order in which the projects first appear in `files`.
 * @param {readonly FileTimes[]} files
 * @returns {Row[]}
 */
export function projectRows(files) {
  const names = [...new Set(files.map(({ project }) => project))];
  return names.map((name) => {
    const own = files.filter(({ project }) => project === name);
    const sums = PARTS.map((part) => own.reduce((sum, file) => sum + file[part], 0));
    return [name, String(own.length), ...sums.map(seconds)];
  });
}

/**
 * Returns one row for each of the slowest files, the slowest first.
 * @param {readonly FileTimes[]} files
 * @param {number} most
 * @returns {Row[]}
 */
export function fileRows(files, most) {
  const slowest = [...files].sort((a, b) => b.total - a.total).slice(0, most);
  return slowest.map((file) => [
    file.file.replace(/^test\//, ''),
    file.project,
    ...PARTS.map((part) => seconds(file[part])),
  ]);
}

export const PROJECT_HEAD = ['project', 'files', ...PARTS];
export const FILE_HEAD = ['file', 'project', ...PARTS];

/** @param {number} milliseconds */
function seconds(milliseconds) {
  return milliseconds < 50 ? '' : (milliseconds / 1000).toFixed(1);
}
