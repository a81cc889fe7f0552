// Reads a command's options. A mistake in them ends the command with one line and exit code 2.
import { parseArgs } from 'node:util';

/** Thrown if a command can't do its work. The message is for the user. */
export class CommandFailure extends Error {}

/** Thrown for a wrong option or input file. */
export class UsageError extends CommandFailure {}

/**
 * @typedef {object} Flag
 * @property {'string' | 'boolean'} type
 * @property {string} [default]
 * @property {boolean} [multiple]
 */

/** @typedef {Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>} Flags */

/** @param {readonly string[]} argv @param {Readonly<Record<string, Flag>>} flags @returns {Flags} */
export function readFlags(argv, flags) {
  return readArguments(argv, flags, false).values;
}

/**
 * Reads flags, and positional arguments if they are allowed.
 * @param {readonly string[]} argv
 * @param {Readonly<Record<string, Flag>>} flags
 * @param {boolean} allowPositionals
 * @returns {{ values: Flags, positionals: readonly string[] }}
 */
export function readArguments(argv, flags, allowPositionals) {
  try {
    return parseArgs({ args: [...argv], options: flags, strict: true, allowPositionals });
  } catch (error) {
    const { message, code } = /** @type {Error & { code?: string }} */ (error);
    const [reason] = message.split(/\.\s|\.?\n/);
    // A list of all options doesn't help if only a value is wrong.
    if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') {
      const [, flag] = /'(--[\w-]+)[^']*' argument is ambiguous/.exec(message) ?? [];
      throw new UsageError(
        flag === undefined ? String(reason) : `${reason}. Write ${flag}=VALUE if the value begins with a dash`,
      );
    }
    const known = Object.keys(flags).map((name) => `--${name}`);
    const word = /'--?([\w-]+)/.exec(message)?.[1]?.replaceAll('-', '_') ?? '';
    const near = known.find((name) => word.length > 2 && (name.includes(word) || word.includes(name.slice(2))));
    const advice = near === undefined ? '' : ` Did you mean ${near}?`;
    throw new UsageError(`${reason}.${advice} Known options: ${known.join(', ')}`);
  }
}

/**
 * @param {string} flag
 * @param {unknown} value
 * @param {{ min: number, max: number }} range inclusive
 * @returns {number}
 */
export function integer(flag, value, { min, max }) {
  const number = /^[+-]?\d+$/.test(String(value)) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(`--${flag} must be a whole number from ${min} to ${max}, not "${value}"`);
}

/**
 * @param {string} flag
 * @param {unknown} value
 * @param {{ above: number, max: number, orZero?: boolean }} range
 * @returns {number}
 */
export function decimal(flag, value, { above, max, orZero = false }) {
  const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(String(value)) ? Number(value) : Number.NaN;
  if ((number > above && number <= max) || (orZero && number === 0)) return number;
  throw new UsageError(
    `--${flag} must be ${orZero ? '0 or ' : ''}a number above ${above} and at most ${max}, not "${value}"`,
  );
}

/**
 * @template {string} T
 * @param {string} flag
 * @param {unknown} value
 * @param {readonly T[]} choices
 * @returns {T}
 */
export function choice(flag, value, choices) {
  const found = choices.find((name) => name === value);
  if (found !== undefined) return found;
  throw new UsageError(`--${flag} must be ${choices.join(' or ')}, not "${value}"`);
}
