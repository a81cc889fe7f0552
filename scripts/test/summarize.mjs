/** @typedef {{ passed: number, failed: number, skipped: number }} Summary */
/** @typedef {{ status: string, fullName?: string, failureMessages?: string[] }} Test */
/** @typedef {{ status: string, name?: string, message?: string, assertionResults?: Test[] }} TestFile */

/** The status of a test that hadn't ended when its process did. */
const UNENDED = 'pending';

/**
 * Counts the tests of vitest's JSON report. A file that failed before its tests could run counts as one failure, and a test whose process
 * ended before it, too.
 * @param {string} json empty if the run ended without a report
 * @returns {Summary}
 */
export function summarize(json) {
  const summary = { passed: 0, failed: 0, skipped: 0 };
  for (const { status, assertionResults = [] } of filesOf(json)) {
    const count = (/** @type {(status: string) => boolean} */ fits) =>
      assertionResults.filter((test) => fits(test.status)).length;
    const failed = count((test) => test === 'failed' || test === UNENDED);
    summary.passed += count((test) => test === 'passed');
    summary.failed += status === 'failed' ? Math.max(1, failed) : failed;
    summary.skipped += count((test) => !['passed', 'failed', UNENDED].includes(test));
  }
  return summary;
}

/**
 * The failures in vitest's JSON report, one line for each: the file, the test, and the beginning of its first message. The tests of a file
 * whose process ended before them have one line together.
 * @param {string} json empty if the run ended without a report
 * @returns {string[]}
 */
export function failures(json) {
  return filesOf(json).flatMap(({ status, name = '', message = '', assertionResults = [] }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed');
    const unended = assertionResults.filter((test) => test.status === UNENDED);
    const lines = failed.map((test) => `${name}: ${test.fullName}: ${firstLine(test.failureMessages?.[0] ?? '')}`);
    if (unended.length > 0)
      lines.push(`${name}: the process ended before ${unended.length} tests, first ${unended[0]?.fullName}`);
    return status === 'failed' && lines.length === 0 ? [`${name}: ${firstLine(message)}`] : lines;
  });
}

/** @param {string} text */
function firstLine(text) {
  return (text.split('\n')[0] ?? '').slice(0, 200);
}

/** @param {string} json @returns {TestFile[]} */
function filesOf(json) {
  if (json.trim() === '') return [];
  return /** @type {{ testResults?: TestFile[] }} */ (JSON.parse(json)).testResults ?? [];
}

/** @param {readonly Summary[]} summaries @returns {Summary} */
export function total(summaries) {
  const sum = (/** @type {keyof Summary} */ key) => summaries.reduce((count, summary) => count + summary[key], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}
