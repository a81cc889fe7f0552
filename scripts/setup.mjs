// Makes sure that the browsers, the software Vulkan driver and the bundled files are there. Run by `npm test`,
// `npm run finetune` and `npm run bench`; silent when nothing is missing.
import { MissingParts, setUp } from './browsers/install.mjs';

try {
  await setUp();
} catch (error) {
  if (!(error instanceof MissingParts)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
