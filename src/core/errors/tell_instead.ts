import { WebVeraError } from './error';

/** Methods of other libraries, and what takes their place here. */
export type Instead = Readonly<Record<string, string>>;

/** Lets who reads such a property of an object hear what to read. The types don't know of them. */
export function tellInsteadOf(object: object, properties: Instead): void {
  for (const [name, hint] of Object.entries(properties)) {
    const get = (): never => {
      throw new WebVeraError('invalid_argument', `There is no ${name} here`, { hint, detail: { property: name } });
    };
    Object.defineProperty(object, name, { get, configurable: true });
  }
}

/** Lets who calls such a method of an object hear what to call. The types don't know of them. */
export function tellInstead(object: object, methods: Instead): void {
  for (const [name, hint] of Object.entries(methods)) {
    const value = (): never => {
      throw new WebVeraError('invalid_argument', `There is no ${name}() here`, { hint, detail: { method: name } });
    };
    Object.defineProperty(object, name, { value, configurable: true });
  }
}
