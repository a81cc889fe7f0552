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

/** An environment without the variables that `npm test` sets for its children. */
const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries({ ...process.env, NEXT_TELEMETRY_DISABLED: '1', CI: '1' }).filter(
      ([name]) => !/^npm_(?!config_(registry|cache)$)|^(NODE_ENV|NODE_OPTIONS|INIT_CWD|VITEST.*)$/i.test(name),
    ),
  );

/** An empty folder for a user's project. */
export class Project {
  readonly folder: string;
  /** The number of lines in the files that the app's author writes, without empty lines. */
  lines = 0;
  readonly remove: () => void;

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), 'webvera-project-'));
    this.folder = folder;
    this.remove = onExit(() => remove(folder));
  }

  /** Runs npm, and returns what it printed. */
  npm(...args: readonly string[]): Promise<string> {
    const own = process.env.npm_execpath;
    if (own !== undefined) return this.node(own, ...args);
    // npm of Windows is a script, which only a shell runs.
    return this.#started('npm', args, process.platform === 'win32');
  }

  /** Runs Node, and returns what it printed. */
  node(...args: readonly string[]): Promise<string> {
    return this.run(process.execPath, ...args);
  }

  run(program: string, ...args: readonly string[]): Promise<string> {
    return this.#started(program, args);
  }

  async #started(program: string, args: readonly string[], shell = false): Promise<string> {
    const options = { cwd: this.folder, env: environment(), maxBuffer: 2 ** 26, shell };
    const { stdout, stderr } = await run(program, [...args], options).catch((error: Error & { stdout?: string }) => {
      throw new Error(`${error.message}\n${error.stdout ?? ''}`);
    });
    return stdout + stderr;
  }

  install(...packages: readonly string[]): Promise<string> {
    return this.npm('install', ...QUIET, ...packages);
  }

  /** Returns the name of the project's only file with this ending. */
  only(end: string): string {
    const [name, ...others] = readdirSync(this.folder).filter((file) => file.endsWith(end));
    if (name === undefined || others.length > 0) throw new Error(`expected one file ${end} in ${this.folder}`);
    return name;
  }

  /** Writes a file that doesn't count as written by the app's author. */
  give(name: string, content: string): void {
    mkdirSync(join(this.folder, name, '..'), { recursive: true });
    writeFileSync(join(this.folder, name), content);
  }

  /** Adds the files that the author of such a project writes, and counts their lines. */
  write(template: string): void {
    const from = path(`./templates/${template}/`);
    cpSync(from, this.folder, { recursive: true });
    const files = readdirSync(from, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const texts = files.map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'));
    this.lines = texts.flatMap((text) => text.split('\n')).filter((line) => line.trim() !== '').length;
  }

  /** Adds the demo's bundled model, and a text to train on. */
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
