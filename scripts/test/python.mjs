// A Python with PEFT, transformers and torch, which the fixtures are made with and checked by. Its packages lie in a folder of
// their own, outside the repository, and are installed once for each lock file and each Python.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { alone } from '../shared/alone.mjs';
import { cacheFolder } from '../shared/cache.mjs';
import { CommandFailure } from '../shared/options.mjs';
import { inRepository } from '../shared/paths.mjs';

/** There is no Python here that can run PEFT; the message says why, and what to do. */
export class PythonMissing extends CommandFailure {}

/** What the oracle is written in. */
const OLDEST = [3, 11];
const folder = inRepository('test/oracle/');
const requirements = join(folder, 'requirements.txt');
const lock = join(folder, 'requirements.lock');

/**
 * What Python runs under, so that the same numbers come out each time: one thread, one order of sets, no network.
 * @returns {NodeJS.ProcessEnv}
 */
export function oracleEnvironment() {
  return {
    ...process.env,
    OMP_NUM_THREADS: '1',
    PYTHONHASHSEED: '0',
    HF_HUB_OFFLINE: '1',
    HF_HUB_DISABLE_PROGRESS_BARS: '1',
  };
}

/**
 * The interpreter, its packages installed. `WEBVERA_PYTHON` names one that has packages of its own: other releases, say.
 * @param {(message: string) => void} tell what is being done, which may take minutes
 * @returns {Promise<string>} rejects with PythonMissing
 */
export async function findOracle(tell) {
  const own = process.env.WEBVERA_PYTHON;
  // A path counts from here, wherever Python is started later; a name is any command's.
  if (own) return basename(own) === own ? own : resolve(own);
  const python = await newestPython();
  const venv = join(cacheFolder(), `oracle-${await fingerprint(python)}`);
  const inside = join(venv, ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']));
  // Written last, so that an installation that was cut off begins anew.
  const complete = join(venv, 'complete');
  if (existsSync(complete)) return inside;
  mkdirSync(cacheFolder(), { recursive: true });
  await alone(`${venv}.lock`, tell, async () => {
    if (existsSync(complete)) return;
    tell(`Installing PEFT, transformers and torch into ${venv} …`);
    rmSync(venv, { recursive: true, force: true });
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input'];
    await run(python, ['-m', 'venv', venv]);
    await run(inside, [...install, '--require-hashes', '--no-deps', '-r', lock]);
    // The lock has all but torch.
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

/** The first of the usual names that is new enough and can make a venv. */
async function newestPython() {
  const asked = `import sys, venv, ensurepip; sys.exit(sys.version_info < (${OLDEST.join(', ')}))`;
  for (const name of process.platform === 'win32' ? ['python', 'py'] : ['python3', 'python']) {
    if (await succeeds(name, ['-c', asked])) return name;
  }
  throw new PythonMissing(
    `No Python from ${OLDEST.join('.')} on with venv was found. Install it (on Debian: sudo apt-get install python3-venv), or name ` +
      'one that has the packages of test/oracle/requirements.txt in WEBVERA_PYTHON.',
  );
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 */
async function succeeds(program, args) {
  try {
    await run(program, args);
    return true;
  } catch (error) {
    if (error instanceof PythonMissing) return false;
    throw error;
  }
}

/**
 * What a program prints.
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {Promise<string>}
 */
function run(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [output, errors] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      errors += text;
    });
    child.on('error', (error) => reject(new PythonMissing(`${program}: ${error.message}`)));
    child.on('close', (code) => {
      if (code === 0) resolve(output);
      else {
        const said = errors.trim().split('\n').slice(-8).join('\n');
        reject(new PythonMissing(`${program} ${args.join(' ')} failed (exit code ${code}):\n${said}`));
      }
    });
  });
}
