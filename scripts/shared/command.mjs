import { CommandFailure, UsageError } from './options.mjs';
import { printableLines } from './printable.mjs';

/** @typedef {{ name?: string | undefined, message?: string | undefined, code?: string | undefined, hint?: string | undefined }} LibraryError */

/** The library's error codes for models, texts and options that can't be used. */
const BAD_INPUT = new Set(['invalid_argument', 'invalid_format', 'unsupported_model', 'not_found', 'limit_exceeded']);

/**
 * Runs a command. An error that the user can fix is printed as one line, and sets the exit code: 2 for a wrong option or file, 1 for a
 * machine on which the command can't run.
 * @param {string} name
 * @param {() => Promise<void>} body
 * @param {(hint: string) => string} [reword] rewrites the library's hints for users of the command
 */
export async function runCommand(name, body, reword = (hint) => hint) {
  try {
    await body();
  } catch (error) {
    const failure = knownFailure(error, reword);
    if (!(failure instanceof CommandFailure)) throw error;
    process.exitCode = failure instanceof UsageError ? 2 : 1;
    console.error(`${name}: ${printableLines(failure.message)}`);
  }
}

/**
 * Converts errors of the library and of system calls into failures, whose messages are for the user. Other errors are defects, and are
 * returned unchanged.
 * @param {unknown} error
 * @param {(hint: string) => string} reword
 */
function knownFailure(error, reword) {
  if (!(error instanceof Error)) return error;
  if (error.name === 'WebVeraError') return failureOf(error, reword);
  return 'syscall' in error ? new CommandFailure(error.message) : error;
}

/**
 * Converts an error of the library into a command's failure with a message of one line.
 * @param {LibraryError} error
 * @param {(hint: string) => string} [reword]
 */
export function failureOf({ name, message, code, hint = '' }, reword = (text) => text) {
  const text = [message, reword(hint)].filter(Boolean).join(' – ').replace(/\s+/g, ' ');
  if (code !== undefined && BAD_INPUT.has(code)) return new UsageError(text);
  return new CommandFailure(`${code ?? name ?? 'error'}: ${text}`);
}
