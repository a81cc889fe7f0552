import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { onExit, remove } from '../../scripts/shared/processes.mjs';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const run = promisify(execFile);
const QUIET = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel', 'error'];

/** As if npm had never been asked for anything by whoever runs the tests: `npm test` tells its children a lot. */
const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries({ ...process.env, NEXT_TELEMETRY_DISABLED: '1', CI: '1' }).filter(
      ([name]) => !/^npm_(?!config_(registry|cache)$)|^(NODE_ENV|NODE_OPTIONS|INIT_CWD|VITEST.*)$/i.test(name),
    ),
  );

/** An empty folder that becomes somebody's project. */
export class Project {
  readonly folder: string;
  /** Lines that its author wrote, without those that are empty. */
  lines = 0;
  readonly remove: () => void;

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), 'webvera-project-'));
    this.folder = folder;
    this.remove = onExit(() => remove(folder));
  }

  /** Runs npm, and gives what it printed. */
  npm(...args: readonly string[]): Promise<string> {
    const own = process.env.npm_execpath;
    return own === undefined ? this.run('npm', ...args) : this.node(own, ...args);
  }

  /** Runs Node, and gives what it printed. */
  node(...args: readonly string[]): Promise<string> {
    return this.run(process.execPath, ...args);
  }

  async run(program: string, ...args: readonly string[]): Promise<string> {
    const options = { cwd: this.folder, env: environment(), maxBuffer: 2 ** 26, shell: process.platform === 'win32' };
    const { stdout, stderr } = await run(program, [...args], options).catch((error: Error & { stdout?: string }) => {
      throw new Error(`${error.message}\n${error.stdout ?? ''}`);
    });
    return stdout + stderr;
  }

  install(...packages: readonly string[]): Promise<string> {
    return this.npm('install', ...QUIET, ...packages);
  }

  /** The one file whose name ends so. */
  only(end: string): string {
    const [name, ...others] = readdirSync(this.folder).filter((file) => file.endsWith(end));
    if (name === undefined || others.length > 0) throw new Error(`expected one file ${end} in ${this.folder}`);
    return name;
  }

  /** Writes a file that some tool makes for its users. */
  give(name: string, content: string): void {
    mkdirSync(join(this.folder, name, '..'), { recursive: true });
    writeFileSync(join(this.folder, name), content);
  }

  /** Adds what the author of such a project writes, and counts it. */
  write(template: string): void {
    const from = path(`./templates/${template}/`);
    cpSync(from, this.folder, { recursive: true });
    const files = readdirSync(from, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const texts = files.map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'));
    this.lines = texts.flatMap((text) => text.split('\n')).filter((line) => line.trim() !== '').length;
  }

  /** Adds the model that comes with the demo, and a text to learn. */
  addModel(folder = 'public'): void {
    const to = (name: string): string => join(this.folder, folder, name);
    mkdirSync(to('model'), { recursive: true });
    for (const name of ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']) {
      cpSync(path(`../../demo/public/models/prose-1.4M/${name}`), to(`model/${name}`));
    }
    const book = readFileSync(path('../../demo/public/text/moby-dick.txt'), 'utf8');
    writeFileSync(to('text.txt'), book.slice(0, 20_000));
  }
}
