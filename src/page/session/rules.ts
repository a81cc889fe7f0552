import { nearName } from '../../core/errors/near_name';
import { quote } from '../../core/errors/wrong';

/** The values that an argument accepts, in words and as a test. */
export interface Rule {
  readonly expected: string;
  accepts(value: unknown): boolean;
  /** Advice for a value that isn't accepted. */
  hint?(value: unknown): string | undefined;
  /** Whether the value may be a secret. Messages then don't quote it. */
  readonly isSecret?: boolean;
}

/** Whether a value is an object. Arrays count as objects. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

export const anyBoolean: Rule = {
  expected: 'true or false',
  accepts: (value) => typeof value === 'boolean',
  hint: (value) =>
    typeof value === 'string' && !/^(?:true|false)$/.test(value) ? 'Write true or false, without quotes.' : undefined,
};
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

/** Returns a rule that accepts finite numbers from `min` to `max`, both included. */
export function number(min: number, max = Number.MAX_VALUE): Rule {
  const expected = max === Number.MAX_VALUE ? `a number from ${min}` : `a number from ${min} to ${max}`;
  return { expected, accepts: (value) => typeof value === 'number' && between(value, min, max) };
}

/** Accepts finite numbers above 0. */
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

/** Returns the rule with an additional hint, for values for which the rule itself has none. */
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

/** Returns a rule that also accepts null, for arguments whose default in Python is None. */
export function orNull(rule: Rule): Rule {
  return { ...rule, accepts: (value) => value === null || rule.accepts(value) };
}

function between(value: number, min: number, max: number): boolean {
  return value >= min && value <= max;
}
