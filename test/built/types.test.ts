import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CodeBlock, codeBlocks, GUIDES, runnable } from '../browser/docs/samples';

const path = (relative: string): string => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const run = promisify(execFile);

/** The folder of a user's project, with the package as npm would install it. */
const folder = mkdtempSync(join(tmpdir(), 'webvera-'));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(() => {
  const own = join(folder, 'node_modules/webvera');
  mkdirSync(join(folder, 'node_modules/@webgpu'), { recursive: true });
  cpSync(path('dist'), join(own, 'dist'), { recursive: true, filter: (file) => !file.endsWith('.map') });
  cpSync(path('package.json'), join(own, 'package.json'));
  symlinkSync(path('node_modules/@webgpu/types'), join(folder, 'node_modules/@webgpu/types'), 'dir');
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'use.ts'), USE);
});

/** Code that uses the public types. The lines after `@ts-expect-error` are wrong, and the compiler must refuse them. */
const USE = `
import { AutoModelForCausalLM, Profile, Session, Trainer, VeraConfig, WebVeraError, get_peft_model } from 'webvera';
import { embeddingModel, languageModel } from 'webvera/ai';
import { openDawn } from 'webvera/node';
import { measurePeak } from 'webvera/bench';
import type { WebVeraElement } from 'webvera/embed.js';

export async function use(gpu: GPU, element: WebVeraElement): Promise<number> {
  const session = await Session.open({ gpu, worker: false });
  const base = await AutoModelForCausalLM.from_pretrained('org/name', { session });
  const model = await get_peft_model(base, new VeraConfig({ r: 8 }));
  for await (const event of new Trainer({ model, train_dataset: [{ text: 'a' }] }).train()) {
    if (event.type === 'log') console.log(event.logs.loss.toFixed(2));
  }
  // @ts-expect-error the argument doesn't exist
  new Trainer({ model, train_dataset: [], args: { epochs: 3 } });
  // @ts-expect-error the result is a number of examples
  const kept: string = await (await Profile.open(base, 'ada')).add({ text: 'b' });
  document.querySelector('web-vera')?.teach(kept);
  document.addEventListener('webvera-log', ({ detail }) => detail.grad_norm.toFixed());
  console.log(languageModel(model).modelId, embeddingModel(base).provider);
  console.log(openDawn, measurePeak, element.state, new WebVeraError('offline', 'gone').code, window.WebVera.Session);
  await session[Symbol.asyncDispose]();
  return 1;
}
`;

/** Compiles files of the project, whose settings are written into a file `name`. Returns what the compiler prints. */
async function toldBy(compiler: string, name: string, compilerOptions: object, files: string[]): Promise<string> {
  const project = join(folder, name);
  writeFileSync(project, JSON.stringify({ compilerOptions, files }));
  const told = await run(process.execPath, [path(`node_modules/${compiler}/bin/tsc`), '-p', project]).catch(
    ({ stdout }: { stdout: string }) => ({ stdout }),
  );
  return told.stdout;
}

const settings = [
  { module: 'nodenext', moduleResolution: 'nodenext' },
  { module: 'esnext', moduleResolution: 'bundler' },
];
const compilers = ['typescript', 'typescript-5.8'];

test.each(compilers.flatMap((compiler) => settings.map((one) => [compiler, one.moduleResolution, one] as const)))(
  '%s, %s: the types hold without skipLibCheck',
  async (compiler, _, modules) => {
    const compilerOptions = { ...modules, target: 'es2022', lib: ['es2022', 'dom', 'dom.asynciterable'], types: [] };
    const whole = { ...compilerOptions, strict: true, noEmit: true, skipLibCheck: false };
    expect(await toldBy(compiler, `${compiler}-${modules.module}.json`, whole, ['use.ts'])).toBe('');
  },
);

/** The samples for pages: those of a guide in one module, because they share variables, and each file in its own. */
function samples(): ReadonlyMap<string, string> {
  const guides = [...GUIDES].flatMap(([guide, text]): [string, readonly CodeBlock[]][] => {
    const files = codeBlocks(text).filter(({ kind, file }) => kind === 'js' && file?.startsWith('src/'));
    return [
      [guide, runnable(text)],
      ...files.map((block) => [`${guide}.${block.file}`, [block]] as [string, CodeBlock[]]),
    ];
  });
  return new Map(
    guides
      .filter(([, blocks]) => blocks.length > 0)
      .map(([name, blocks]) => {
        const lines = blocks.flatMap(({ text }) => text.split('\n'));
        const imports = new Set(lines.filter((line) => line.startsWith('import ')));
        const body = lines.filter((line) => !imports.has(line));
        // The samples know the elements of their page.
        const own = ['export {};', 'declare const document: any, OffscreenCanvas: any;'];
        return [`sample.${name.replace(/\W/g, '_')}.ts`, [...imports, ...own, ...body].join('\n')];
      }),
  );
}

test("the guides' samples for pages compile in a strict project", async () => {
  const files = samples();
  expect(files.size).toBeGreaterThan(12);
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
  symlinkSync(path('node_modules/ai'), join(folder, 'node_modules/ai'), 'dir');
  const lib = ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable', 'esnext.disposable'];
  const language = { module: 'esnext', moduleResolution: 'bundler', target: 'es2022', lib, types: [], noEmit: true };
  // Samples are JavaScript, which has no types of parameters and caught errors.
  const strict = { strict: true, noImplicitAny: false, useUnknownInCatchVariables: false, skipLibCheck: true };
  expect(await toldBy('typescript-7', 'samples.json', { ...language, ...strict }, [...files.keys()])).toBe('');
});

test('the types contain the docs', () => {
  const types = readFileSync(path('dist/webvera.d.ts'), 'utf8');
  for (const words of [
    'Milliseconds since 1970.',
    'A run halves its rate if the rate proves too high',
    'Rejects with `invalid_argument`',
  ]) {
    expect(types).toContain(words);
  }
  expect(types).not.toMatch(/: any[;,)>]|<any>/);
});
