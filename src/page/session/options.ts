import { WebVeraError } from '../../core/errors/error';
import { argumentHint } from '../../core/errors/near_name';
import { quote, unquoted, wrong } from '../../core/errors/wrong';
import { copied } from '../../core/input/copied';
import { isObject, type Rule } from './rules';

export { copied, wrong };

export type Rules<T> = { readonly [Key in keyof Required<T>]: Rule };

/**
 * Checks a caller's options. Throws `invalid_argument` for an unknown name (misspelt or not yet supported) and for an invalid value.
 * `undefined` counts as left out.
 */
export function checkOptions<T extends object>(what: string, options: T | undefined, rules: Rules<T>): void {
  if (options === undefined) return;
  if (!isObject(options)) throw wrong(what, 'an object', options);
  const entries = Object.entries(options);
  // A signal or a session has no entries, and a rule accepts it for what it is: nothing of it would be read as options.
  const isOf = ([, rule]: [string, Rule]): boolean => rule.accepts(options) && !rule.accepts({});
  const meant = !entries.length && Object.entries<Rule>(rules).find(isOf);
  if (meant) throw wrong(what, 'an object', options, `Write { ${meant[0]} }.`);
  for (const [name, value] of entries) {
    const rule = Object.hasOwn(rules, name) && (rules[name as keyof T] as Rule);
    if (!rule) {
      throw new WebVeraError('invalid_argument', `${what}: unknown or not yet supported argument ${quote(name)}`, {
        hint: argumentHint(name, Object.keys(rules)),
        detail: { argument: name },
      });
    }
    if (value !== undefined && !rule.accepts(value)) {
      const hint = rule.hint?.(value) ?? unquoted(value, rule.accepts);
      throw wrong(`${what}: ${name}`, rule.expected, value, hint, rule.isSecret);
    }
  }
}

/** Returns the options, or an empty object if they aren't an object, so that properties can be read before the check. */
export function readable<T extends object>(options: T): Partial<T> {
  return isObject(options) ? options : {};
}

/** Removes the entries that are undefined, for types whose optional properties may be absent but not undefined. */
export function defined<T extends object>(options: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof T]?: Exclude<T[Key], undefined> };
}
