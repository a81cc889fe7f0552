import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RINGS } from '../scripts/test/rings.mjs';
import { VeraConfig, VeraModel } from '../src/index';
import { RemoteModel } from '../src/page/models/remote_model';
import { MODEL_METHODS, MODEL_PROPERTIES } from '../src/page/session/foreign_names';
import { createArchitecture } from '../src/tasks/task_registry';
import { tableRows } from './helpers/bytes/tables';
import { documentedPolicies } from './helpers/session/policies';
import { PEFT_NAMES } from './peft/names';
import { NOT_HERE } from './peft/not_here';

const rows = tableRows('docs/PEFT.md', 'Name by name').map(([name = '', says = '', tests = '']) => ({
  name: name.match(/^`(\w+)`( \+)?$/)?.[1] ?? name,
  says,
  tests: [...tests.matchAll(/\]\(([^ )]+)(?: "([^"]+)")?\)/g)].map(([, link = '', title]) => ({
    file: join('docs', link),
    title,
  })),
}));

/** What a class gives to its users; `constructor`, symbols and what only tells of something else aside. */
function publicNames({ prototype }: typeof RemoteModel | typeof VeraModel): string[] {
  const elsewhere = prototype === RemoteModel.prototype ? Object.keys({ ...MODEL_METHODS, ...MODEL_PROPERTIES }) : [];
  return Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor' && !elsewhere.includes(name));
}

describe("PEFT.md's table of names", () => {
  test.each([
    ['VeraConfig', [...Object.keys(new VeraConfig()), 'peft_type', 'peft_version']],
    ['VeraModel', [...publicNames(VeraModel), 'get_peft_model', 'from_pretrained']],
    ['every model', publicNames(RemoteModel)],
    ['what is beyond PEFT', ['adapter_names', 'adapter_name']],
  ])('has all of %s', (_, names) => {
    expect(names.filter((wanted) => !rows.some(({ name }) => name === wanted))).toEqual([]);
  });

  test('has each name once, and what it does', () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    expect(rows.filter(({ says }) => says === '')).toEqual([]);
  });

  test.each(rows.map((row) => [row.name, row] as const))('names the tests of %s', (_, { tests }) => {
    expect(tests.length).toBeGreaterThan(0);
    for (const { file, title = '' } of tests) {
      expect(existsSync(file), file).toBe(true);
      expect(readFileSync(file, 'utf8'), file).toContain(title);
    }
  });
});

test.each(Object.entries(PEFT_NAMES))("README or PEFT.md has each of PEFT's names: %s", (_, names) => {
  const pages = ['README.md', 'docs/PEFT.md'].map((page) => readFileSync(page, 'utf8')).join('\n');
  const code = [...pages.matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text);
  const isNamed = (name: string) => {
    const word = new RegExp(`(?<!\\w)${name.replace(/\W/g, '\\$&')}(?!\\w)`);
    return code.some((text) => word.test(text));
  };
  expect(names.filter((name) => !isNamed(name))).toEqual([]);
});

test("PEFT.md lists all of PEFT's tests without a counterpart", () => {
  const listed = tableRows('docs/PEFT.md', "PEFT's tests without a counterpart").map(([line = '', why = '']) => ({
    line,
    why,
  }));
  expect(listed).toEqual(expect.arrayContaining([...NOT_HERE]));
});

const PAGES = [
  ...['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'],
  ...['BENCHMARKS.md', 'INTEGRATING.md', 'PEFT.md', 'RESULTS.md'].map((name) => `docs/${name}`),
  ...['test/oracle/README.md', 'test/golden/README.md'],
];

test.each(PAGES)('files that %s links to exist', (page) => {
  const links = [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:|#)([^ )#]+)/g)].map(([, file]) => file!);
  expect(links.filter((file) => !existsSync(join(dirname(page), file)))).toEqual([]);
});

describe("SECURITY.md's promises", () => {
  const promises = tableRows('SECURITY.md', 'Promises').map(([promise = '', tests = '']) => ({
    promise,
    tests: [...tests.matchAll(/\]\(([^ )]+) "([^"]+)"\)/g)].map(([, file = '', title = '']) => ({ file, title })),
  }));

  test('are some', () => expect(promises.length).toBeGreaterThan(15));

  test.each(promises.map(({ promise, tests }) => [promise, tests] as const))('%s', (_, tests) => {
    expect(tests.length).toBeGreaterThan(0);
    for (const { file, title } of tests) {
      expect(file).toMatch(/^test\/.+\.test\.ts$/);
      expect(readFileSync(file, 'utf8'), file).toContain(title);
    }
  });
});

test("the tag's policy is the same in README and in the page about sites", () => {
  expect(documentedPolicies('README.md', 'Under a Content-Security-Policy')).toEqual(
    documentedPolicies('docs/INTEGRATING.md', 'The tag'),
  );
});

describe('the workflow', () => {
  const workflow = readFileSync('.github/workflows/ci.yml', 'utf8');

  test.each([...RINGS.test.projects, ...RINGS.all.projects])("runs %s, as .ci/run's rings do", (project) => {
    expect(workflow).toMatch(new RegExp(`--project '?${project.replace('*', '\\*')}(?![\\w:])`));
  });

  test('names its actions by their versions', () => {
    const actions = [...workflow.matchAll(/uses: (\S+)/g)].map(([, action]) => action);
    expect(actions.length).toBeGreaterThan(0);
    for (const action of actions) expect(action).toMatch(/^actions\/[\w-]+@v\d+\.\d+\.\d+$/);
  });
});

test('files and commands that CONTRIBUTING.md names are there', () => {
  const page = readFileSync('CONTRIBUTING.md', 'utf8');
  const files = [...page.matchAll(/`((?:src|test|shaders|\.ci)\/[\w./<>-]+)`/g)].map(([, file]) => file!);
  expect(files.length).toBeGreaterThan(10);
  // `x` stands for the name of a new op, model or task, `<room>` for its room: l2_normalize, Llama and causal_lm have such files.
  const named = (file: string, name: string) => file.replace('<room>', 'norms').replace(/\bx(?=\b|_)/g, name);
  const there = (file: string) => ['l2_normalize', 'llama', 'causal_lm'].some((name) => existsSync(named(file, name)));
  expect(files.filter((file) => !there(file))).toEqual([]);
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const [, name = ''] of page.matchAll(/npm run (\w+)/g)) expect(scripts).toHaveProperty(name);
});

test("README's size of an adaptation of SmolLM2-135M is what a profile of it has", () => {
  const { modules } = createArchitecture({
    model_type: 'llama',
    vocab_size: 49_152,
    hidden_size: 576,
    intermediate_size: 1536,
    num_hidden_layers: 30,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    max_position_embeddings: 8192,
  });
  const { r } = new VeraConfig();
  const linear = modules.filter(({ name, out_features }) => out_features !== undefined && name.includes('layers.'));
  const bytes = linear.reduce((sum, { out_features = 0 }) => sum + 4 * (out_features + r), 0);
  expect(linear).toHaveLength(210);
  expect(readFileSync('README.md', 'utf8')).toContain(`${(bytes / 1e6).toFixed(1)} MB for`);
});
