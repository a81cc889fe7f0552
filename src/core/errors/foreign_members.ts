import { WebVeraError } from './error';

/** Names of methods or properties of other libraries, each with a hint that names the equivalent in webvera. */
export type ForeignMembers = Readonly<Record<string, string>>;

/**
 * Defines methods that throw an error with a hint when they are called, and properties that do so when they are read. The types do not
 * include them.
 */
export function defineForeign(object: object, methods: ForeignMembers, properties: ForeignMembers = {}): void {
  for (const [name, hint] of Object.entries(methods)) {
    Object.defineProperty(object, name, { value: refusal(`${name}()`, hint, { method: name }), configurable: true });
  }
  for (const [name, hint] of Object.entries(properties)) {
    Object.defineProperty(object, name, { get: refusal(name, hint, { property: name }), configurable: true });
  }
}

function refusal(what: string, hint: string, detail: Readonly<Record<string, string>>): () => never {
  return () => {
    throw new WebVeraError('invalid_argument', `There is no ${what} here`, { hint, detail });
  };
}
