import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import ts from 'typescript';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { FRAMEWORKS } from '../../scripts/build/framework_types.mjs';

afterEach(() => void vi.unstubAllGlobals());

const built = (name: string): URL => new URL(`../../dist/${name}`, import.meta.url);
const textOf = (name: string): string => readFileSync(built(name), 'utf8');
const load = (name: string): Promise<Record<string, unknown>> => import(/* @vite-ignore */ built(name).href);

/** Returns the names that a file of types exports as values, sorted. */
function valueNames(file: string): string[] {
  const program = ts.createProgram([file], {
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    noLib: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  const names = module === undefined ? [] : checker.getExportsOfModule(module);
  const isValue = (name: ts.Symbol): boolean => {
    const isAlias = (name.flags & ts.SymbolFlags.Alias) !== 0;
    const { flags } = isAlias ? checker.getAliasedSymbol(name) : name;
    return (flags & ts.SymbolFlags.Value) !== 0 && !name.declarations?.some(ts.isTypeOnlyExportDeclaration);
  };
  return names
    .filter(isValue)
    .map(({ name }) => name)
    .sort();
}

describe('the parts of the package', () => {
  test.each(['worker.js', 'chat_worker.js', 'embed.js'])('%s is a classic script', (name) => {
    expect(() => new Script(textOf(name))).not.toThrow();
  });

  const page = ['webvera.js', 'session.js', 'asks.js', 'asked.js', 'tag.js', 'ai.js', 'embed.js'];

  test.each(page)('%s contains no code that another thread runs', (name) => {
    expect(textOf(name)).not.toContain('@compute');
    expect(textOf('worker.js')).toContain('@compute');
  });

  test.each(['worker.js', ...page])('%s has no interpreter of templates', (name) => {
    expect(textOf(name)).not.toContain('endmacro');
    expect(textOf('chat_worker.js')).toContain('endmacro');
  });

  test.each(['worker.js', 'chat_worker.js', ...page])(
    '%s shares no memory between threads, so no page need be isolated',
    (name) => {
      expect(textOf(name)).not.toMatch(/SharedArrayBuffer|Atomics|crossOriginIsolated/);
    },
  );

  test.each(['session.js', 'asks.js', 'asked.js'])(
    '%s exports names that mean the same in each release',
    async (name) => {
      const names = Object.keys(await load(name));
      expect(names).not.toEqual([]);
      expect(names.filter((each) => each.length < 3 || /\$\d+$/.test(each))).toEqual([]);
    },
  );

  test('webvera/node has all names of webvera, and its own', async () => {
    const [page, node] = [await load('webvera.js'), await load('node.js')];
    const more = Object.keys(node).filter((name) => !(name in page));
    expect(Object.keys(page).filter((name) => !(name in node))).toEqual([]);
    expect(more.sort()).toEqual(['openDawn', 'openFolder']);
  });

  test.each(['webvera', 'ai', 'node', 'bench'])(
    'the types of %s have exactly the values of the module',
    async (name) => {
      expect(valueNames(fileURLToPath(built(`${name}.d.ts`)))).toEqual(Object.keys(await load(`${name}.js`)).sort());
    },
  );

  test('for a page, worker: false gives a hint to webvera/node', async () => {
    const { Session } = (await load('webvera.js')) as unknown as typeof import('../../src/index');
    vi.stubGlobal('Worker', class {});
    await expect(Session.open({ worker: false })).rejects.toMatchObject({
      code: 'invalid_argument',
      hint: expect.stringContaining("'webvera/node'"),
    });
  });

  test('on a server that renders pages, the device is reported as unsupported', async () => {
    const { Session, probe } = (await load('webvera.js')) as unknown as typeof import('../../src/index');
    const message = 'Models run in a worker, and this thread has no workers';
    const hint = expect.stringMatching(/^On a server that renders pages, .*'webvera\/node'/);
    await expect(Session.open()).rejects.toMatchObject({ code: 'unsupported_device', message, hint });
    expect(await probe()).toMatchObject({
      level: 'unsupported',
      issues: [{ code: 'unsupported_device', message, fix: hint }],
      gpu: null,
    });
  });

  test('without their code, as after a deployment, probe and estimate advise to reload the page', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'webvera-'));
    for (const name of ['webvera.js', 'session.js', 'asks.js']) copyFileSync(built(name), join(folder, name));
    const { probe, estimate }: typeof import('../../src/index') = await import(
      /* @vite-ignore */ pathToFileURL(join(folder, 'webvera.js')).href
    );
    const error = { name: 'WebVeraError', code: 'offline', hint: expect.stringContaining('reload the page') };
    await expect(probe()).rejects.toMatchObject(error);
    await expect(estimate('a/b')).rejects.toMatchObject(error);
    rmSync(folder, { recursive: true });
  });

  test('messages name objects by their public names', async () => {
    const library = (await load('node.js')) as unknown as typeof import('../../src/index');
    const { VeraConfig, Trainer, get_peft_model } = library;
    const config = new VeraConfig();
    await expect(get_peft_model(config as never, config)).rejects.toMatchObject({ message: /got a VeraConfig$/ });
    expect(() => new Trainer({ model: config as never, train_dataset: [] })).toThrow(/got a VeraConfig$/);
    for (const name of ['Profile', 'VeraModel', 'Trainer', 'AutoTokenizer', 'AutoModelForCausalLM'] as const) {
      expect(library[name].name).toBe(name);
    }
  });

  test('what another entry made is refused with that reason', async () => {
    type Library = typeof import('../../src/index');
    const [page, node] = [await load('webvera.js'), await load('node.js')] as unknown as [Library, Library];
    const hint = expect.stringMatching(/another copy of webvera/);
    const session = await node.Session.open({ store: 'memory' });
    await expect(page.models.list({ session })).rejects.toMatchObject({
      message: /expected a Session, got a Session$/,
      hint,
    });
    const model = Object.create(node.VeraModel.prototype) as never;
    expect(() => new page.Trainer({ model, train_dataset: [] })).toThrow(expect.objectContaining({ hint }));
    await expect(page.get_peft_model(model, new page.VeraConfig())).rejects.toMatchObject({ hint });
    const trainer = Object.create(node.DPOTrainer.prototype) as never;
    await expect(page.export_run({ model, trainer })).rejects.toMatchObject({ hint });
    await session.dispose();
  });

  test('package.json names existing files, and is built before it is packed', () => {
    const { exports, bin, scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    const files = Object.values<string | Record<string, string>>(exports).flatMap((entry) =>
      typeof entry === 'string' ? [entry] : Object.values(entry),
    );
    for (const file of [...files, ...Object.values<string>(bin)]) {
      expect(() => readFileSync(new URL(`../../${file}`, import.meta.url)), file).not.toThrow();
    }
    expect(scripts.prepack).toBe('npm run build');
  });

  test('package.json declares the packages whose types the files of frameworks extend, and npm installs none', () => {
    const own = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    const extended = Object.values(FRAMEWORKS).map((text) => / from '([\w-]+)/.exec(text)?.[1] ?? '');
    expect(extended).toEqual(['react', 'vue', 'svelte']);
    for (const name of [...extended, '@types/react']) {
      expect(own.peerDependencies).toHaveProperty([name]);
      expect(own.peerDependenciesMeta[name]).toEqual({ optional: true });
    }
  });
});
