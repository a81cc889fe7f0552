import { WebVeraError } from './error';

/** Methods or properties of other libraries, with a hint that names the equivalent in webvera. */
export type ForeignMembers = Readonly<Record<string, string>>;

/** Defines properties that throw an error with a hint when they are read. The types do not include them. */
export function defineForeignProperties(object: object, properties: ForeignMembers): void {
  for (const [name, hint] of Object.entries(properties)) {
    const get = (): never => {
      throw new WebVeraError('invalid_argument', `There is no ${name} here`, { hint, detail: { property: name } });
    };
    Object.defineProperty(object, name, { get, configurable: true });
  }
}

/** Defines methods that throw an error with a hint when they are called. The types do not include them. */
export function defineForeignMethods(object: object, methods: ForeignMembers): void {
  for (const [name, hint] of Object.entries(methods)) {
    const value = (): never => {
      throw new WebVeraError('invalid_argument', `There is no ${name}() here`, { hint, detail: { method: name } });
    };
    Object.defineProperty(object, name, { value, configurable: true });
  }
}
