// `npm run bench:pack`: packs the benchmark into one archive that runs on any x86-64 Linux machine, to measure its GPU.
import { resolve } from 'node:path';
import { buildIfStale } from '../scripts/build/build_if_stale.mjs';
import { runCommand } from '../scripts/shared/command.mjs';
import { CommandFailure, readFlags } from '../scripts/shared/options.mjs';
import { FOLDER, megabytes, writeArchive } from './archive/archive.mjs';
import { benchContents } from './archive/contents.mjs';

const HELP = `Packs the benchmark, with Node and Dawn, for x86-64 Linux machines that have a Vulkan driver and no network.

  npm run bench:pack -- [options]

  --out FILE       the archive                                 (out/${FOLDER}.tar.xz)
  --help`;

const FLAGS = /** @type {const} */ ({
  out: { type: 'string', default: `out/${FOLDER}.tar.xz` },
  help: { type: 'boolean' },
});

await runCommand('bench:pack', async () => {
  const flags = readFlags(process.argv.slice(2), FLAGS);
  if (flags.help) {
    console.log(HELP);
    return;
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new CommandFailure('it packs the Node that runs it, so it needs Linux on x86-64');
  }
  buildIfStale();
  const contents = await benchContents();
  const out = String(flags.out);
  const { bytes, glibc } = writeArchive(contents, resolve(out));
  console.log(`${out}: ${contents.size} files, ${megabytes(bytes)}, for glibc ${glibc} or newer.`);
  if (!contents.has('lib/libvulkan.so.1')) console.log("Without Vulkan's loader, which isn't on this machine.");
  console.log(`There: tar xf ${FOLDER}.tar.xz && ./${FOLDER}/bench --adapter gpu`);
});
