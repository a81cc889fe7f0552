import { expect, test } from 'vitest';
import { failures, summarize, total } from '../../../scripts/test/summarize.mjs';

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((test) => ({ status: test })),
});
const report = (...testResults: object[]) => JSON.stringify({ testResults });

test('adds up the tests of all files', () => {
  const json = report(
    file('passed', 'passed', 'passed', 'skipped'),
    file('failed', 'failed', 'passed', 'todo', 'pending'),
  );
  expect(summarize(json)).toEqual({ passed: 3, failed: 2, skipped: 2 });
});

test('a file that could not be loaded is a failure', () => {
  expect(summarize(report(file('failed'), file('passed', 'passed')))).toEqual({ passed: 1, failed: 1, skipped: 0 });
});

test('a missing report counts no test', () => {
  expect(summarize('')).toEqual({ passed: 0, failed: 0, skipped: 0 });
  expect(summarize('{}')).toEqual({ passed: 0, failed: 0, skipped: 0 });
});

test('several reports are added up', () => {
  const reports = [report(file('passed', 'passed', 'skipped')), report(file('failed', 'failed')), ''].map(summarize);
  expect(total(reports)).toEqual({ passed: 1, failed: 1, skipped: 1 });
});

test('reports failures: a test with its message, and a file that could not be loaded with its own', () => {
  const assertionResults = [
    { status: 'passed', fullName: 'a sum is right' },
    { status: 'failed', fullName: 'a sum is wrong', failureMessages: ['expected 3 to be 4\n    at sum.test.ts:5'] },
  ];
  const json = report(
    { name: 'test/sum.test.ts', status: 'failed', assertionResults },
    { name: 'test/lost.test.ts', status: 'failed', message: 'Cannot find module' },
    {
      name: 'test/crash.test.ts',
      status: 'passed',
      assertionResults: ['a', 'b'].map((fullName) => ({ status: 'pending', fullName })),
    },
  );
  expect(failures(json)).toEqual([
    'test/sum.test.ts: a sum is wrong: expected 3 to be 4',
    'test/lost.test.ts: Cannot find module',
    'test/crash.test.ts: the process ended before 2 tests, first a',
  ]);
  expect(failures('')).toEqual([]);
});
