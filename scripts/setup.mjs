// `npm run setup`: installs missing browsers and the software Vulkan driver, and checks the bundled files. `npm test`,
// `npm run finetune` and `npm run bench` do the same. Prints nothing if all are there.
import { setUp } from './browsers/install.mjs';
import { runCommand } from './shared/command.mjs';

await runCommand('setup', () => setUp());
