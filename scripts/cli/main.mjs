#!/usr/bin/env node
// `npx webvera`: the package's command for Node.
import * as bench from '../../bench/cli.mjs';
import { runCommand } from '../shared/command.mjs';
import { UsageError } from '../shared/options.mjs';
import * as finetune from './finetune.mjs';
import * as generate from './generate.mjs';
import { commandHint } from './hints.mjs';
import * as inspect from './inspect.mjs';
import { withoutDawnWarnings } from './native_warnings.mjs';

const HELP = `Fine-tunes language models with VeRA on this machine's GPU, in Node.

  webvera finetune --model MODEL --text FILE [options]    trains an adapter on a text
  webvera generate --model MODEL --prompt TEXT [options]  continues a text
  webvera inspect PATH                                    shows what a file holds
  webvera bench [options]                                 measures this machine

  webvera COMMAND --help tells more.

All but inspect need the package webgpu beside this one. A small model and a text to begin with are a package, too:

  npm install webvera webgpu webvera-prose-1.4m
  npx webvera finetune --model ./node_modules/webvera-prose-1.4m --text ./node_modules/webvera-prose-1.4m/moby-dick.txt`;

/** @typedef {{ HELP: string, main: (argv: readonly string[]) => Promise<void> }} Command */
/** @type {Readonly<Record<string, Command>>} */
const OVER_DAWN = { finetune, generate, bench };
/** @type {Readonly<Record<string, Command>>} */
const COMMANDS = { finetune, generate, inspect, bench };

// A program that reads the output, such as `head`, may close the pipe early.
process.stdout.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const [name = '', ...argv] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;

const run = async () => {
  const wantsHelp = argv.includes('--help') || argv.includes('-h');
  if (command !== undefined && wantsHelp) console.log(command.HELP);
  else if (command !== undefined && Object.hasOwn(OVER_DAWN, name)) await withoutDawnWarnings(() => command.main(argv));
  else if (command !== undefined) await command.main(argv);
  else if (['', '--help', '-h', 'help'].includes(name)) console.log(HELP);
  else if (name === '--version') console.log((await import('webvera/bench')).VERSION);
  else throw new UsageError(`there is no command ${name}, but ${Object.keys(COMMANDS).join(', ')}; try --help`);
};
await runCommand(command === undefined ? 'webvera' : `webvera ${name}`, run, commandHint);
