// `npm run setup`: installs missing browsers and the software Vulkan driver, and checks the bundled files. `npm test`,
// `npm run finetune` and `npm run bench` do the same. Prints nothing if all parts exist.
import { MissingParts, setUp } from './browsers/install.mjs';

try {
  await setUp();
} catch (error) {
  if (!(error instanceof MissingParts)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
