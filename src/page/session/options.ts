import { WebVeraError } from '../../core/errors/error';
import { nearName, suggestion } from '../../core/errors/near_name';
import { quote, unquoted, wrong } from '../../core/errors/wrong';

export { wrong };

/** The values that an argument accepts, in words and as a test. */
export interface Rule {
  readonly expected: string;
  accepts(value: unknown): boolean;
  /** Advice for a value that isn't accepted. */
  hint?(value: unknown): string | undefined;
}

export type Rules<T> = { readonly [Key in keyof Required<T>]: Rule };

/**
 * Checks a caller's options. Throws `invalid_argument` for an unknown name (misspelt or not yet supported) and for a
 * value of the wrong kind. `undefined` counts as left out.
 */
export function checkOptions<T extends object>(what: string, options: T | undefined, rules: Rules<T>): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null) throw wrong(what, 'an object', options);
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? (rules[name as keyof T] as Rule) : undefined;
    if (rule === undefined) {
      const known = Object.keys(rules);
      throw new WebVeraError('invalid_argument', `${what}: unknown or not yet supported argument ${quote(name)}`, {
        hint: `${suggestion(name, known)} It takes ${known.join(', ')}.`.trimStart(),
        detail: { argument: name },
      });
    }
    if (value !== undefined && !rule.accepts(value)) {
      throw wrong(`${what}: ${name}`, rule.expected, value, rule.hint?.(value) ?? unquoted(value, rule.accepts));
    }
  }
}

/**
 * Returns options whose properties can be read before the check: an empty object in place of null, for example, which
 * the check then reports.
 */
export function readable<T extends object>(options: T): Partial<T> {
  return isObject(options) ? options : {};
}

/** Drops the entries that are undefined, for optional properties that must be set or absent. */
export function defined<T extends object>(options: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof T]?: Exclude<T[Key], undefined> };
}

export const anyBoolean: Rule = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' };
export const anyString: Rule = {
  expected: 'a string that is not empty',
  accepts: (value) => typeof value === 'string' && value !== '',
};
export const anyFunction: Rule = { expected: 'a function', accepts: (value) => typeof value === 'function' };
export const anyObject: Rule = { expected: 'an object', accepts: isObject };
export const abortSignal: Rule = {
  expected: 'an AbortSignal',
  accepts: (value) => value instanceof AbortSignal,
};

export function integer(min: number, max = Number.MAX_SAFE_INTEGER): Rule {
  const expected = max === Number.MAX_SAFE_INTEGER ? `an integer from ${min}` : `an integer from ${min} to ${max}`;
  return { expected, accepts: (value) => Number.isSafeInteger(value) && between(value as number, min, max) };
}

/** A finite number from `min` to `max`, both included. */
export function number(min: number, max = Number.MAX_VALUE): Rule {
  const expected = max === Number.MAX_VALUE ? `a number from ${min}` : `a number from ${min} to ${max}`;
  return { expected, accepts: (value) => typeof value === 'number' && between(value, min, max) };
}

/** A finite number above 0. */
export const positive: Rule = {
  expected: 'a number above 0',
  accepts: (value) => typeof value === 'number' && value > 0 && Number.isFinite(value),
};

export function oneOf(...values: readonly unknown[]): Rule {
  return {
    expected: values.map(quote).join(' or '),
    accepts: (value) => values.includes(value),
    hint(value) {
      const names = values.filter((name) => typeof name === 'string');
      const near = typeof value === 'string' ? nearName(value, names) : undefined;
      return near && `Did you mean '${near}'?`;
    },
  };
}

/** Adds a hint for values without a hint of the rule's own. */
export function hinted(rule: Rule, hint: (value: unknown) => string | undefined): Rule {
  return { ...rule, hint: (value) => rule.hint?.(value) ?? hint(value) };
}

export function either(...rules: readonly Rule[]): Rule {
  return {
    expected: rules.map((rule) => rule.expected).join(', or '),
    accepts: (value) => rules.some((rule) => rule.accepts(value)),
    hint: (value) => rules.map((rule) => rule.hint?.(value)).find((hint) => hint !== undefined),
  };
}

/** Arrays count as objects. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Also accepts null, for arguments whose default in Python is None. */
export function orNull(rule: Rule): Rule {
  return { ...rule, accepts: (value) => value === null || rule.accepts(value) };
}

function between(value: number, min: number, max: number): boolean {
  return value >= min && value <= max;
}
