// Finds a Python with PEFT, transformers and torch, which makes and checks fixtures. Its packages are installed once for each lock file
// and each Python, in a folder outside the repository.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { alone } from '../shared/alone.mjs';
import { cacheFolder } from '../shared/cache.mjs';
import { CommandFailure } from '../shared/options.mjs';
import { inRepository } from '../shared/paths.mjs';

/** Thrown when no Python on this machine can run PEFT. The message gives the reason and a remedy. */
export class PythonMissing extends CommandFailure {}

const execute = promisify(execFile);

/** The oldest version of Python that can run the scripts in test/oracle. */
const OLDEST = [3, 11];
const folder = inRepository('test/oracle/');
const requirements = join(folder, 'requirements.txt');
const lock = join(folder, 'requirements.lock');

/**
 * Returns environment variables that make Python's results reproducible: one thread, a fixed order of sets, no network.
 * @returns {NodeJS.ProcessEnv}
 */
export function oracleEnvironment() {
  return {
    ...process.env,
    OMP_NUM_THREADS: '1',
    PYTHONHASHSEED: '0',
    // Prevents Python from writing compiled files beside the sources.
    PYTHONDONTWRITEBYTECODE: '1',
    HF_HUB_OFFLINE: '1',
    HF_HUB_DISABLE_PROGRESS_BARS: '1',
  };
}

/**
 * Returns the path of a Python with the packages, and installs them if necessary. `WEBVERA_PYTHON` names another Python to use, for
 * example one with other versions of the packages.
 * @param {(message: string) => void} report called before an installation, which may take minutes
 * @returns {Promise<string>} rejects with PythonMissing
 */
export async function findOracle(report) {
  const own = process.env.WEBVERA_PYTHON;
  // A path is resolved here, because Python may be started in another folder. A plain name is looked up in PATH.
  if (own) return basename(own) === own ? own : resolve(own);
  const python = await newestPython();
  const venv = join(cacheFolder(), `oracle-${await fingerprint(python)}`);
  const inside = join(venv, ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']));
  // This file is written last, so that an interrupted installation is repeated.
  const complete = join(venv, 'complete');
  if (existsSync(complete)) return inside;
  mkdirSync(cacheFolder(), { recursive: true });
  await alone(`${venv}.lock`, report, async () => {
    if (existsSync(complete)) return;
    report(`Installing PEFT, transformers and torch into ${venv} …`);
    rmSync(venv, { recursive: true, force: true });
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input'];
    await run(python, ['-m', 'venv', venv]);
    await run(inside, [...install, '--require-hashes', '--no-deps', '-r', lock]);
    // The lock file has all packages but torch.
    await run(inside, [...install, '-r', requirements]);
    writeFileSync(complete, '');
  });
  return inside;
}

/** @param {string} python */
async function fingerprint(python) {
  const about = await run(python, ['-c', 'import sys; print(sys.version, sys.executable)']);
  const hash = createHash('sha256').update(about);
  for (const file of [requirements, lock]) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}

/** Returns the first of the usual commands whose Python is new enough and can create a venv. */
async function newestPython() {
  const asked = `import sys, venv, ensurepip; sys.exit(sys.version_info < (${OLDEST.join(', ')}))`;
  for (const name of process.platform === 'win32' ? ['python', 'py'] : ['python3', 'python']) {
    const found = await run(name, ['-c', asked]).then(
      () => true,
      () => false,
    );
    if (found) return name;
  }
  throw new PythonMissing(
    `No Python from ${OLDEST.join('.')} on with venv was found. Install it (on Debian: sudo apt-get install python3-venv), or name ` +
      'one that has the packages of test/oracle/requirements.txt in WEBVERA_PYTHON.',
  );
}

/**
 * Runs a program and returns its standard output. Rejects with PythonMissing if the program fails.
 * @param {string} program
 * @param {readonly string[]} args
 */
async function run(program, args) {
  try {
    return (await execute(program, args, { maxBuffer: 2 ** 26 })).stdout;
  } catch (error) {
    const { code, stderr, message } = /** @type {import('node:child_process').ExecFileException} */ (error);
    if (typeof code === 'string') throw new PythonMissing(`${program}: ${message}`);
    const said = stderr?.trim().split('\n').slice(-8).join('\n');
    throw new PythonMissing(`${program} ${args.join(' ')} failed (exit code ${code}):\n${said}`);
  }
}
