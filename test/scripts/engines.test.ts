import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Package {
  readonly engines?: { readonly node?: string };
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Package> };

/** The oldest Node version that README names. */
const [MAJOR, MINOR] = [20, 19];

/**
 * Whether a semver range contains the oldest Node version: one of its alternatives begins no later, and for `^` and bare
 * versions has the same major version.
 */
function hasOldest(range: string): boolean {
  return range.split('||').some((alternative) => {
    const [, operator, major = '', minor = '0'] = /^\s*(>=|\^)?\s*(\d+)(?:\.(\d+))?/.exec(alternative) ?? [];
    if (major === '') return alternative.trim() === '*';
    if (Number(major) === MAJOR) return Number(minor) <= MINOR;
    return operator === '>=' && Number(major) < MAJOR;
  });
}

// npm warns if `engines` in the lock file excludes the Node in use. naga-wasm asks for Node 24.12, on which it was built, but runs
// on 20.19, as test/naga.test.ts shows. So its `engines` entry was removed from the lock file. If `npm install` adds it, remove it again.
test('npm ci prints no warning on the oldest Node that README names', () => {
  expect(readFileSync('README.md', 'utf8')).toContain(`Node ${MAJOR}.${MINOR} or`);
  const newer = Object.entries(lock.packages).filter(([, { engines }]) => !hasOldest(engines?.node ?? '*'));
  expect(newer.map(([name, { engines }]) => `${name}: ${engines?.node}`)).toEqual([]);
});

test.each([
  ['>=20', true],
  ['^20.19.0 || >=22.12.0', true],
  ['>=16 || 14 >=14.17', true],
  ['18 || 20 || >=22', true],
  ['*', true],
  ['>=24.12', false],
  ['^18.0.0 || >=22', false],
  ['>=20.20', false],
])('%s has it: %s', (range, expected) => {
  expect(hasOldest(range)).toBe(expected);
});
