// `npm run oracle`: makes test/golden from real PEFT and transformers, or with --check compares it with new results.
import { spawn } from 'node:child_process';
import { runCommand } from './shared/command.mjs';
import { inRepository } from './shared/paths.mjs';
import { findOracle, oracleEnvironment } from './test/python.mjs';

await runCommand('oracle', async () => {
  const args = process.argv.slice(2);
  const check = args.includes('--check');
  const options = args.filter((each) => each !== '--check');
  const python = await findOracle((message) => console.error(message));
  process.exitCode = await oracle(python, [check ? 'check' : 'make', ...options]);
});

/**
 * @param {string} python
 * @param {readonly string[]} args
 * @returns {Promise<number>} the exit code
 */
function oracle(python, args) {
  return new Promise((resolve, reject) => {
    const cwd = inRepository('test/');
    const child = spawn(python, ['-m', 'oracle', ...args], { cwd, env: oracleEnvironment(), stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}
