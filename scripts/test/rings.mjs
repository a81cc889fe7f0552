// The rings of tests: the projects of vitest.config.ts that each ring runs, and the browsers and drivers that it needs.

/** @typedef {import('../browsers/install.mjs').PartName} PartName */
/** @typedef {'quick' | 'test' | 'all' | 'soak'} RingName */
/**
 * `checks`: whether types and lint are checked before the tests. `package`: whether the tests need the built package with its types.
 * @typedef {object} Ring
 * @property {readonly string[]} projects
 * @property {boolean} checks
 * @property {boolean} package
 * @property {readonly PartName[]} parts
 */

/** @type {Readonly<Record<RingName, Ring>>} */
export const RINGS = {
  quick: { projects: ['node', 'quick:*'], checks: true, package: false, parts: ['chrome', 'lavapipe'] },
  test: {
    projects: ['node', 'built', 'kernels', 'gpu', 'browser', 'packages'],
    checks: true,
    package: true,
    parts: ['chrome', 'firefox', 'lavapipe'],
  },
  all: { projects: ['all:*', 'peft'], checks: false, package: true, parts: ['chrome', 'firefox', 'lavapipe'] },
  soak: { projects: ['soak:*', 'soak'], checks: false, package: true, parts: ['chrome', 'firefox', 'lavapipe'] },
};

/**
 * Returns the ring that the first argument names, and the arguments for vitest. If the first argument names no ring, the ring is `test`.
 * @param {readonly string[]} argv
 * @returns {{ name: RingName, rest: readonly string[] }}
 */
export function ringOf([first = 'test', ...rest]) {
  const name = Object.keys(RINGS).find((each) => each === first);
  return name === undefined ? { name: 'test', rest: [first, ...rest] } : { name: /** @type {RingName} */ (name), rest };
}

/**
 * Returns the arguments for vitest: the ring's projects, unless `rest` names some, and the reporters whose files `npm run test:times` and
 * `.ci/run` read.
 * @param {RingName} name
 * @param {readonly string[]} rest
 * @returns {string[]}
 */
export function vitestArguments(name, rest) {
  const projects = namesProjects(rest) ? [] : RINGS[name].projects.flatMap((project) => ['--project', project]);
  const reports = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportOf(name)}`];
  return ['run', ...projects, ...reports, '--reporter=./test/times/reporter.ts', ...rest];
}

/** @param {readonly string[]} rest arguments for vitest */
export function namesProjects(rest) {
  return rest.some((each) => each.startsWith('--project'));
}

/** Returns the path of a ring's JSON report, relative to the repository. @param {RingName} name */
export function reportOf(name) {
  return `out/tests/${name}.json`;
}
