/** @typedef {{ passed: number, failed: number, skipped: number }} Summary */
/** @typedef {{ status: string, assertionResults?: { status: string }[] }} TestFile */

/**
 * Counts the tests of vitest's JSON report. A file that failed before its tests could run counts as one failure.
 * @param {string} json empty where the run died before it wrote a report
 * @returns {Summary}
 */
export function summarize(json) {
  const summary = { passed: 0, failed: 0, skipped: 0 };
  if (json.trim() === '') return summary;
  const { testResults = [] } = /** @type {{ testResults?: TestFile[] }} */ (JSON.parse(json));
  for (const { status, assertionResults = [] } of testResults) {
    const count = (/** @type {(status: string) => boolean} */ fits) =>
      assertionResults.filter((test) => fits(test.status)).length;
    const failed = count((test) => test === 'failed');
    summary.passed += count((test) => test === 'passed');
    summary.failed += status === 'failed' ? Math.max(1, failed) : failed;
    summary.skipped += count((test) => test !== 'passed' && test !== 'failed');
  }
  return summary;
}

/**
 * @param {readonly Summary[]} summaries
 * @returns {Summary}
 */
export function total(summaries) {
  const sum = (/** @type {keyof Summary} */ key) => summaries.reduce((count, summary) => count + summary[key], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}
