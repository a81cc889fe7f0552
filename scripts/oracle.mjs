// Makes test/golden anew from real PEFT and transformers, or with --check compares what is there with what comes out now.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runCommand } from './lib/command.mjs';
import { findOracle, oracleEnvironment } from './lib/python.mjs';

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
    const cwd = fileURLToPath(new URL('../test/', import.meta.url));
    const child = spawn(python, ['-m', 'oracle', ...args], { cwd, env: oracleEnvironment(), stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}
