/** Copies lists and plain objects at every depth, because the proxies of reactive state can't be cloned, nor sent to a worker. */
export function copied<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copied) as T;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, copied(entry)])) as T;
}
