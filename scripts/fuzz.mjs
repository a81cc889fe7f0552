// `npm run fuzz -- TARGET --minutes N`: searches for inputs on which a reader of untrusted files fails. For two thirds of the time,
// Jazzer.js (libFuzzer for Node) mutates the bytes of inputs, and stores the inputs that reach new code. Then fast-check varies the stored
// inputs: it changes JSON values instead of bytes.
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { buildTarget, targetFiles } from './fuzz/build_target.mjs';
import { dictionaryOf } from './fuzz/dictionary.mjs';
import { runCommand } from './shared/command.mjs';
import { decimal, integer, readArguments, UsageError } from './shared/options.mjs';
import { ROOT } from './shared/paths.mjs';
import { kill, onExit } from './shared/processes.mjs';

const HELP = `npm run fuzz -- TARGET [--minutes 5] [--seed S]   fuzz one of the targets, or all in turn: all
npm run fuzz -- TARGET --repeat FILE              run one input, and say what is wrong with it

Targets are the files of test/fuzz/targets/. Findings go to test/fuzz/findings/; exit code 1 says that there are some.`;

const findings = join(ROOT, 'test/fuzz/findings');
const out = join(ROOT, 'out/fuzz');
const known = [...targetFiles().keys()];
/** The maximum time of a single input, in seconds. */
const HANG = 20;
/** The maximum heap of a Node process, in MiB. */
const MEMORY = 1024;
/** The maximum size of an input, in bytes. */
const LONGEST = 65_536;

/** @param {string} target @param {number} seconds @param {number} seed */
async function fuzz(target, seconds, seed) {
  const bundle = await buildTarget(target, { findings, out });
  const [grown, seeds] = [join(out, 'corpus', target), join(ROOT, 'test/fuzz/corpus', target)];
  for (const folder of [grown, findings]) mkdirSync(folder, { recursive: true });
  const words = join(out, `${target}.dict`);
  writeFileSync(words, dictionaryOf(readdirSync(seeds).map((file) => readFileSync(join(seeds, file), 'latin1'))));
  const before = new Set(readdirSync(findings));
  const end = Date.now() + (2000 / 3) * seconds;
  // If a finding ends the Jazzer.js process, the search continues in a new one.
  for (let turn = 0; end - Date.now() > 1000 && turn < 10; turn++) {
    const options = {
      max_total_time: Math.ceil((end - Date.now()) / 1000),
      max_len: LONGEST,
      timeout: HANG,
      rss_limit_mb: 4 * MEMORY,
      len_control: 20,
      seed: seed + turn,
      dict: words,
      artifact_prefix: `${findings}/${target}-`,
    };
    // Disables Jazzer.js's detectors of command injection and path traversal: the readers can't reach commands or files.
    const flags = ['-i', `${target}.cjs`, '--timeout', String(1000 * HANG), '--disableBugDetectors', 'command|path'];
    await runJazzer([bundle, grown, seeds, ...flags], options);
  }
  vary(target, { corpus: [seeds, grown], seconds: seconds / 3, seed, last: join(out, `${target}.last`) });
  return readdirSync(findings).filter((file) => !before.has(file) && file.startsWith(`${target}-`));
}

/** @param {readonly string[]} args @param {Readonly<Record<string, string | number>>} options libFuzzer's */
async function runJazzer(args, options) {
  const cli = join(ROOT, 'node_modules/@jazzer.js/core/dist/cli.js');
  const flags = Object.entries(options).map(([name, value]) => `-${name}=${value}`);
  const node = [`--max-old-space-size=${MEMORY}`, cli, ...args, '--', ...flags];
  const child = spawn(process.execPath, node, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
  const done = onExit(() => kill(child));
  await new Promise((resolve) => child.once('exit', resolve));
  done();
}

/**
 * @param {string} target
 * @param {{ corpus: readonly string[], seconds: number, seed: number, last: string }} options
 */
function vary(target, options) {
  const bundle = JSON.stringify(join(out, `${target}.cjs`));
  const script = `require(${bundle}).vary(${JSON.stringify(options)}).then((n) => process.stdout.write(String(n)));`;
  const { status, stdout } = runNode(script, { seconds: options.seconds + HANG });
  console.log(`${stdout || 'an unknown number of'} inputs by fast-check`);
  // If the process failed, its last input crashed it or made it hang.
  if (status !== 0) copyFileSync(options.last, join(findings, `${target}-ended-${Date.now().toString(36)}`));
}

/** @param {string} script @param {{ seconds: number }} limits */
function runNode(script, { seconds }) {
  const quiet = "for (const method of ['log', 'info', 'warn']) console[method] = () => {};";
  return spawnSync(process.execPath, [`--max-old-space-size=${MEMORY}`, '-e', `${quiet}\n${script}`], {
    encoding: 'utf8',
    timeout: 1000 * seconds,
    killSignal: 'SIGKILL',
  });
}

/**
 * Runs an input in a separate process, without measuring coverage: an input that is slow only with coverage isn't a finding.
 * @param {string} target
 * @param {string} file
 */
function verdictOn(target, file) {
  const script = `
    const { repeat } = require(${JSON.stringify(join(out, `${target}.cjs`))});
    const bytes = new Uint8Array(require('node:fs').readFileSync(${JSON.stringify(file)}));
    (async () => {
      let finding;
      for (let turn = 0; turn < 3 && (turn === 0 || finding?.kind === 'slow'); turn++) finding = await repeat(bytes);
      process.stdout.write(JSON.stringify(finding ?? null));
    })();`;
  const { status, signal, stdout, stderr, error } = runNode(script, { seconds: HANG });
  if (error !== undefined && 'code' in error && error.code === 'ETIMEDOUT') return `hangs for ${HANG} seconds`;
  if (status !== 0) return `ends the process: ${signal ?? status}\n${stderr.slice(-2000)}`;
  const finding = JSON.parse(stdout);
  return finding === null ? undefined : `${finding.kind}: ${finding.message}`;
}

/** @param {readonly string[]} argv */
async function main(argv) {
  /** @type {Readonly<Record<string, import('./shared/options.mjs').Flag>>} */
  const flags = {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    repeat: { type: 'string' },
    help: { type: 'boolean' },
  };
  const { values, positionals } = readArguments(argv, flags, true);
  const [name = '', ...rest] = positionals;
  if (values.help === true) return void console.log(HELP);
  if (rest.length > 0 || !(known.includes(name) || name === 'all')) {
    throw new UsageError(`Expected one target of ${known.join(', ')} or all, got "${positionals.join(' ')}"`);
  }
  const minutes = decimal('minutes', values.minutes, { above: 0, max: 1440 });
  const seed = integer('seed', values.seed, { min: 1, max: 2 ** 31 - 1 });
  if (typeof values.repeat === 'string') return repeat(name, values.repeat);
  for (const target of name === 'all' ? known : [name]) {
    console.log(`\n${target}: ${minutes} minutes, seed ${seed}`);
    const found = await fuzz(target, 60 * minutes, seed);
    report(target, found);
  }
}

/** @param {string} target @param {readonly string[]} files */
function report(target, files) {
  let confirmed = 0;
  for (const file of files.map((one) => join(findings, one))) {
    const verdict = verdictOn(target, file);
    if (verdict === undefined) {
      rmSync(file);
      continue;
    }
    confirmed++;
    console.log(`\n${verdict}\nnpm run fuzz -- ${target} --repeat ${relative(ROOT, file)}`);
  }
  console.log(`${target}: ${confirmed} findings`);
  if (confirmed > 0) process.exitCode = 1;
}

/** @param {string} target @param {string} file */
async function repeat(target, file) {
  if (target === 'all') throw new UsageError('Expected the target that the input is for, got all');
  if (!existsSync(file)) throw new UsageError(`--repeat: expected a file, got ${file}`);
  await buildTarget(target, { findings, out });
  const verdict = verdictOn(target, file);
  console.log(verdict ?? 'Nothing is wrong with it');
  if (verdict !== undefined) process.exitCode = 1;
}

await runCommand('fuzz', () => main(process.argv.slice(2)));
