// Finds and builds the programs and drivers that are needed to compile for a GPU that this machine doesn't have.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findDriver, findLavapipe, LAVAPIPE } from '../../scripts/browsers/find_browser.mjs';
import { advise, MissingParts } from '../../scripts/browsers/install.mjs';
import { cacheFolder } from '../../scripts/shared/cache.mjs';
import { remove } from '../../scripts/shared/processes.mjs';

/** @typedef {import('../../scripts/browsers/find_browser.mjs').Part} Part */

/** @type {readonly (Part & { isThere: () => boolean })[]} */
const PARTS = [
  {
    title: 'a C compiler, cc',
    debian: 'gcc libc6-dev',
    advice: "install your system's C compiler (Fedora and Arch: gcc)",
    isThere: () => runs('cc', ['--version']),
  },
  {
    title: "Vulkan's headers and library for programs in C",
    debian: 'libvulkan-dev',
    advice: "install your system's Vulkan loader with its headers (Fedora: vulkan-loader-devel, Arch: vulkan-headers)",
    // The compiler checks the headers. If the compiler is missing, the headers are reported as missing, too.
    isThere: () => runs('cc', ['-x', 'c', '-fsyntax-only', '-'], '#include <vulkan/vulkan.h>\n'),
  },
  {
    title: 'an assembler of SPIR-V, spirv-as',
    debian: 'spirv-tools',
    advice: "install your system's SPIR-V tools (Fedora and Arch: spirv-tools)",
    isThere: () => runs('spirv-as', ['--version']),
  },
  { ...LAVAPIPE, isThere: () => findLavapipe() !== undefined },
  {
    title: "Mesa's Vulkan driver for AMD's GPUs (radeon_icd)",
    debian: LAVAPIPE.debian,
    advice: "install your system's Mesa Vulkan drivers (Fedora: mesa-vulkan-drivers, Arch: vulkan-radeon)",
    isThere: () => findDriver('radeon_icd') !== undefined,
  },
];

/**
 * Builds the programs that compile for a GPU. Throws `MissingParts`, which names all missing parts.
 * @returns {{ program: string, driver: string, commands: string }} paths of the compiled compile.c (`program`), the driver's
 * registration file (`driver`), and the compiled null_commands.c (`commands`)
 */
export function isaParts() {
  const missing = missingIsaParts();
  const driver = findDriver('radeon_icd');
  if (missing.length > 0 || driver === undefined) throw new MissingParts(advise(missing));
  return { program: builtProgram(), driver, commands: built('null_commands', ['-O1', '-shared', '-fPIC']) };
}

const THIS_MACHINE = { machine: '', compiler: 'cc', link: ['-lvulkan', '-ldl'] };
const PROGRAM_FLAGS = ['-O1', '-D_POSIX_C_SOURCE=200809L'];

/** @returns {string} path of the compiled compile.c */
export function builtProgram() {
  return built('compile', PROGRAM_FLAGS);
}

/**
 * @param {string} libraries the folder with libraries for arm64
 * @returns {string} path of compile.c, compiled for arm64
 */
export function builtForArm(libraries) {
  return built('compile', [...PROGRAM_FLAGS, '-idirafter', '/usr/include'], {
    machine: '-arm64',
    compiler: 'aarch64-linux-gnu-gcc',
    link: ['-L', libraries, '-l:libvulkan.so.1', '-Wl,--allow-shlib-undefined'],
  });
}

/** @returns {readonly Part[]} */
export function missingIsaParts() {
  return PARTS.filter(({ isThere }) => !isThere());
}

/**
 * Compiles a C program, unless the cache has a build of the same source. Returns the path of the build.
 * @param {string} name
 * @param {readonly string[]} flags
 * @param {{ machine: string, compiler: string, link: readonly string[] }} [target] `machine`: a part of the build's file name
 */
function built(name, flags, { machine, compiler, link } = THIS_MACHINE) {
  const source = fileURLToPath(new URL(`${name}.c`, import.meta.url));
  const version = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 12);
  const program = join(cacheFolder(), `isa-${name}${machine}-${version}`);
  if (existsSync(program)) return program;
  mkdirSync(cacheFolder(), { recursive: true });
  const folder = mkdtempSync(join(cacheFolder(), 'isa-'));
  try {
    const made = join(folder, name);
    const args = [...flags, '-std=c11', '-o', made, source, ...link];
    execFileSync(compiler, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    // A rename is atomic, so no other process can find an incomplete file.
    renameSync(made, program);
  } finally {
    remove(folder);
  }
  return program;
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {string} [input]
 */
function runs(program, args, input = '') {
  return spawnSync(program, [...args], { cwd: tmpdir(), input, stdio: ['pipe', 'ignore', 'ignore'] }).status === 0;
}
