// Runs a Python script with the packages of the oracle. The input and output of the script are JSON.
import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { findOracle, oracleEnvironment } from '../test/python.mjs';

/**
 * @param {string} script a file that reads JSON from its standard input and prints JSON
 * @param {unknown} request
 * @param {(line: string) => void} report called before the packages are installed, which may take minutes
 * @returns {Promise<any>} the JSON that the script prints. Rejects with PythonMissing if no Python can run the script
 */
export async function askPython(script, request, report) {
  const python = await findOracle(report);
  const child = spawn(python, [script], { env: oracleEnvironment(), stdio: ['pipe', 'pipe', 'pipe'] });
  const [output, errors] = [textOf(child.stdout), textOf(child.stderr)];
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  child.stdin.on('error', () => {}); // a script that ends early gives its reason on stderr
  child.stdin.end(JSON.stringify(request));
  const code = await ended;
  if (code === 0) return JSON.parse(await output);
  throw new Error(`${basename(script)} failed (exit code ${code}):\n${(await errors).trim().slice(-2000)}`);
}

/** @param {NodeJS.ReadableStream} stream */
async function textOf(stream) {
  let text = '';
  for await (const part of stream.setEncoding('utf8')) text += part;
  return text;
}
