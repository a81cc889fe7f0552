import { CommandFailure, UsageError } from './options.mjs';

/** @typedef {{ name?: string | undefined, message?: string | undefined, code?: string | undefined, hint?: string | undefined }} Told */

/** The library's words for a model, text or option that can't be used. */
const BAD_INPUT = new Set(['invalid_argument', 'invalid_format', 'unsupported_model', 'not_found', 'limit_exceeded']);

/**
 * Runs a command; what a person can do something about ends it with one clear line and an exit code: 2 for a wrong
 * option or file, 1 for a machine on which it can't run.
 * @param {string} name
 * @param {() => Promise<void>} body
 */
export async function runCommand(name, body) {
  try {
    await body();
  } catch (error) {
    const failure = knownFailure(error);
    if (!(failure instanceof CommandFailure)) throw error;
    process.exitCode = failure instanceof UsageError ? 2 : 1;
    console.error(`${name}: ${failure.message}`);
  }
}

/**
 * What the library or the system says of files and devices is for whoever called the command; all else is a defect.
 * @param {unknown} error
 */
function knownFailure(error) {
  if (!(error instanceof Error)) return error;
  if (error.name === 'WebVeraError') return failureOf(error);
  return 'syscall' in error ? new CommandFailure(error.message) : error;
}

/**
 * An error of the library, in one line.
 * @param {Told} error
 */
export function failureOf({ name, message, code, hint }) {
  const text = [message, hint].filter(Boolean).join(' – ').replace(/\s+/g, ' ');
  if (code !== undefined && BAD_INPUT.has(code)) return new UsageError(text);
  return new CommandFailure(`${code ?? name ?? 'error'}: ${text}`);
}
