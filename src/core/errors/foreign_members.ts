import { WebVeraError } from './error';

/** Names of methods or properties of other libraries, each with a hint that names the equivalent in webvera. */
export type ForeignMembers = Readonly<Record<string, string>>;

/** Defines properties that throw an error with a hint when they are read. The types do not include them. */
export function defineForeignProperties(object: object, properties: ForeignMembers): void {
  for (const [name, hint] of Object.entries(properties)) {
    Object.defineProperty(object, name, { get: refusal(name, hint, { property: name }), configurable: true });
  }
}

/** Defines methods that throw an error with a hint when they are called. The types do not include them. */
export function defineForeignMethods(object: object, methods: ForeignMembers): void {
  for (const [name, hint] of Object.entries(methods)) {
    Object.defineProperty(object, name, { value: refusal(`${name}()`, hint, { method: name }), configurable: true });
  }
}

/** Defines foreign methods and foreign properties on one object. */
export function defineForeign(object: object, methods: ForeignMembers, properties: ForeignMembers): void {
  defineForeignMethods(object, methods);
  defineForeignProperties(object, properties);
}

function refusal(what: string, hint: string, detail: Readonly<Record<string, string>>): () => never {
  return () => {
    throw new WebVeraError('invalid_argument', `There is no ${what} here`, { hint, detail });
  };
}
