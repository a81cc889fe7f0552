// Corrects types that API Extractor writes. If the entry point exports a class with `export type`, the built module has no value of this
// name, but API Extractor still exports the class as a value.

/**
 * Returns the types of an entry point. Classes that the entry point exports with `export type` are exported only as types.
 * @param {string} rollup the types that API Extractor wrote
 * @param {string} entry the entry point's own d.ts file, as tsc wrote it
 */
export function withTypeExports(rollup, entry) {
  const types = typeNames(entry);
  /** @type {string[]} */
  const found = [];
  const text = rollup.replace(/^export (declare (?:abstract )?class (\w+))/gm, (exported, declared, name) => {
    if (!types.has(name)) return exported;
    found.push(name);
    return declared;
  });
  return found.length === 0 ? text : `${text}\nexport type { ${found.join(', ')} };\n`;
}

/** Returns the names in `export type { … }` and `export { type … }`. @param {string} entry */
function typeNames(entry) {
  const names = [...entry.matchAll(/^export (type )?\{([^}]*)\}/gm)].flatMap(([, type, list = '']) =>
    list
      .split(',')
      .map((one) => one.trim())
      .filter((one) => type !== undefined || one.startsWith('type '))
      .map((one) => one.slice(one.lastIndexOf(' ') + 1)),
  );
  return new Set(names);
}
