// Parses the output of compile.c.

/** @typedef {{ subgroup: number, statistics: Readonly<Record<string, number>>, texts: Readonly<Record<string, string>> }} Executable */
/**
 * The output for one shader. `failure` is the line that reports an error; `printed` is the driver's own output during the compilation.
 * @typedef {{ failure: string | undefined, printed: string, executables: readonly Executable[] }} Part
 */

/**
 * @param {string} output
 * @returns {{ device: string, parts: Part[] }}
 */
export function readExecutables(output) {
  const device = /^@device (.*)$/m.exec(output)?.[1] ?? '';
  return {
    device,
    parts: output
      .split(/^@shader .*$/m)
      .slice(1)
      .map(readPart),
  };
}

/**
 * @param {string} part
 * @returns {Part}
 */
function readPart(part) {
  const [printed = '', ...executables] = part.split(/^(?=@executable )/m);
  const failure = /^@(?:error|died|failed) .*$/m.exec(part)?.[0];
  return { failure, printed, executables: executables.map(readExecutable) };
}

/**
 * @param {string} text
 * @returns {Executable}
 */
function readExecutable(text) {
  const statistics = [...text.matchAll(/^@statistic (.*)\t(.*)$/gm)].map(([, name, value]) => [name, Number(value)]);
  const texts = [...text.matchAll(/^@text (.*)\n([\s\S]*?)\n@end text$/gm)].map(([, name, body]) => [
    name,
    body?.trim(),
  ]);
  return {
    subgroup: Number(/^@executable .*\t(\d+)$/m.exec(text)?.[1]),
    statistics: Object.fromEntries(statistics),
    texts: Object.fromEntries(texts),
  };
}
