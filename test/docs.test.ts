import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { kindNamed } from '../src/adapters/adapter_kinds';
import { adapterModelBytes } from '../src/adapters/files/write_adapter';
import { parameterShapes } from '../src/adapters/pool/pool_layout';
import { VeraConfig, VeraModel } from '../src/index';
import { veraPageKind } from '../src/page/adapters/vera/vera_model';
import { RemoteModel } from '../src/page/models/remote_model';
import { MODEL_METHODS, MODEL_PROPERTIES } from '../src/page/session/foreign_names';
import { createArchitecture } from '../src/tasks/task_registry';
import { tableRows } from './helpers/bytes/tables';
import { smollm2 } from './helpers/models/smollm2';
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

/** Returns a class's public names, without `constructor`, symbols and names that another class documents. */
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

test('PEFT.md names the release of PEFT that made the fixtures', () => {
  const [, release] = /^peft==([\d.]+)/m.exec(readFileSync('test/oracle/requirements.lock', 'utf8')) ?? [];
  const page = readFileSync('docs/PEFT.md', 'utf8');
  expect(page).toContain(`"PEFT" means release ${release};`);
  expect(page).toContain(`made all of \`test/golden\` with PEFT ${release}, `);
});

test('PEFT.md says where training differs from the Trainer, and which tasks are missing', () => {
  const situations = tableRows('docs/PEFT.md', 'Where training differs from the Trainer of transformers').map(
    ([name]) => name,
  );
  const words = [
    'weight_decay',
    'gradient_accumulation_steps',
    'label_smoothing_factor',
    'dropout',
    'one step',
    'first labels',
  ];
  expect(situations).toHaveLength(words.length);
  for (const word of words) {
    expect(situations.filter((name) => name?.includes(word))).toHaveLength(1);
  }
  expect(readFileSync('docs/PEFT.md', 'utf8')).toContain(
    '| Question answering, masked language models | Not implemented yet',
  );
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
  ...readdirSync('docs/guide').map((name) => `docs/guide/${name}`),
  ...['test/oracle/README.md', 'test/golden/README.md'],
];

test.each(PAGES)('files that %s links to exist', (page) => {
  const links = [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:|#)([^ )#]+)/g)].map(([, file]) => file!);
  const missing = links.filter((file) => !existsSync(join(dirname(page), file)));
  expect(missing).toEqual([]);
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

test('files and commands in CONTRIBUTING.md exist', () => {
  const page = readFileSync('CONTRIBUTING.md', 'utf8');
  const files = [...page.matchAll(/`((?:src|test|shaders|\.ci)\/[\w./<>-]+)`/g)].map(([, file]) => file!);
  expect(files.length).toBeGreaterThan(10);
  // In CONTRIBUTING.md's paths, `x` stands for the name of a new op, model or task, and `<room>` for its folder. Each path must exist for
  // the op l2_normalize, the model llama or the task causal_lm.
  const named = (file: string, name: string) => file.replace('<room>', 'norms').replace(/\bx(?=\b|_)/g, name);
  const there = (file: string) => ['l2_normalize', 'llama', 'causal_lm'].some((name) => existsSync(named(file, name)));
  expect(files.filter((file) => !there(file))).toEqual([]);
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const [, name = ''] of page.matchAll(/npm run (\w[\w:-]*)/g)) expect(scripts).toHaveProperty(name);
});

test("questions.md has the sizes that the package's check allows", () => {
  const check = readFileSync('scripts/build/check_package.mjs', 'utf8');
  const most = (name: string) => new RegExp(`'${name}': .* most: (\\d+) \\* KIB`).exec(check)?.[1];
  expect(readFileSync('docs/guide/questions.md', 'utf8').replaceAll('\n', ' ')).toContain(
    `At most ${most('first load')} KiB after gzip until a page can train, without the model. Of these the page's own script has at most ` +
      `${most('webvera.js')}, and its worker, which loads when a session opens, at most ${most('worker.js')}. ` +
      `The tag takes at most ${most('first load of embed.js')}.`,
  );
});

test("the guides say how Next.js' tested page with the tag begins", () => {
  expect(readFileSync('test/packages/templates/next_tag/app/tag/page.tsx', 'utf8')).toMatch(/^'use client';/);
  const told = readFileSync('docs/guide/frameworks.md', 'utf8')
    .split('\n')
    .find((line) => line.startsWith('| Next.js |'));
  expect(told).toContain("`'use client'`");
  expect(readFileSync('docs/guide/tag.md', 'utf8')).toContain(
    "in Next.js the import belongs into a file that begins with `'use client'`",
  );
});

describe('the size of a profile with the default settings', () => {
  const bytesOver = (architecture: typeof smollm2) => {
    const kind = kindNamed({ peft_type: 'VERA' });
    const config = new kind.Config({ peft_type: 'VERA', ...veraPageKind.profile.defaults });
    const { layout } = kind.resolve(config, architecture, { later: false });
    return adapterModelBytes({ trained: parameterShapes(layout), frozen: [] }, 'float32');
  };

  test.each(['README.md', 'docs/guide/personalise.md'])('over SmolLM2-135M is in %s', (page) => {
    const size = `${(bytesOver(smollm2) / 1e6).toFixed(1)} MB`;
    const text = readFileSync(page, 'utf8').replaceAll('\n', ' ');
    expect([`${size} for SmolLM2-135M`, `For SmolLM2-135M it is ${size}`].some((words) => text.includes(words))).toBe(
      true,
    );
  });

  test('over the bundled model is in the guide', () => {
    const bundled = createArchitecture(JSON.parse(readFileSync('demo/public/models/prose-1.4M/config.json', 'utf8')));
    const kilobytes = Math.round(bytesOver(bundled) / 1e3);
    expect(readFileSync('docs/guide/personalise.md', 'utf8')).toContain(`${kilobytes} kB for the bundled model`);
  });
});

const EXAMPLES = readdirSync('demo/examples').map((name) => `demo/examples/${name}`);

test('an id of a profile has one configuration in all documents, because their samples may run on one origin', () => {
  const used = new Map<string, Set<string>>();
  for (const page of [...PAGES, ...EXAMPLES]) {
    const text = readFileSync(page, 'utf8');
    const opened = [...text.matchAll(/Profile\.open\(\w+, '([\w-]+)'(?:, \{.*?peft_config: (\{.*?\}))?/g)];
    const tags = [...text.matchAll(/<web-vera[^>]* model="([^"]+)"[^>]* profile="([^"]+)"/g)];
    for (const [, id = '', config = 'the default'] of opened) used.set(id, (used.get(id) ?? new Set()).add(config));
    for (const [, model = '', id = ''] of tags) used.set(id, (used.get(id) ?? new Set()).add(`a tag over ${model}`));
  }
  expect(used.size).toBeGreaterThan(7);
  expect([...used].filter(([, configs]) => configs.size > 1)).toEqual([]);
});
