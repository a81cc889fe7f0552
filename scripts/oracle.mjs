// `npm run oracle`: makes test/golden with real PEFT and transformers. With --check, it compares test/golden with new results; with
// --install, it only installs the Python packages.
import { spawnSync } from 'node:child_process';
import { runCommand } from './shared/command.mjs';
import { inRepository } from './shared/paths.mjs';
import { findOracle, oracleEnvironment } from './test/python.mjs';

await runCommand('oracle', async () => {
  const args = process.argv.slice(2);
  const command = args.includes('--check') ? 'check' : 'make';
  const python = await findOracle((message) => console.error(message));
  if (args.includes('--install')) return;
  const { status, error } = spawnSync(python, ['-m', 'oracle', command, ...args.filter((each) => each !== '--check')], {
    cwd: inRepository('test/'),
    env: oracleEnvironment(),
    stdio: 'inherit',
  });
  if (error !== undefined) throw error;
  process.exitCode = status ?? 1;
});
