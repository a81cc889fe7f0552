import { MissingParts } from './install.mjs';
import { BrowserFailure } from './launch.mjs';
import { UsageError } from './options.mjs';

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
    if (error instanceof UsageError) process.exitCode = 2;
    else if (error instanceof BrowserFailure || error instanceof MissingParts) process.exitCode = 1;
    else throw error;
    console.error(`${name}: ${error.message}`);
  }
}
