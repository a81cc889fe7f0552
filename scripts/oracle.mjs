// `npm run oracle`: makes test/golden from real PEFT and transformers, or with --check compares it with new results.
import { spawnSync } from 'node:child_process';
import { runCommand } from './shared/command.mjs';
import { inRepository } from './shared/paths.mjs';
import { findOracle, oracleEnvironment } from './test/python.mjs';

await runCommand('oracle', async () => {
  const args = process.argv.slice(2);
  const command = args.includes('--check') ? 'check' : 'make';
  const python = await findOracle((message) => console.error(message));
  const { status, error } = spawnSync(python, ['-m', 'oracle', command, ...args.filter((each) => each !== '--check')], {
    cwd: inRepository('test/'),
    env: oracleEnvironment(),
    stdio: 'inherit',
  });
  if (error !== undefined) throw error;
  process.exitCode = status ?? 1;
});
