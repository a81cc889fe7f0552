// `npm run setup`: installs missing browsers and the software Vulkan driver, and checks the bundled files. `npm test`,
// `npm run finetune` and `npm run bench` do this for the browsers and drivers that they need. If nothing is
// missing, prints nothing.
import { setUp } from './browsers/install.mjs';
import { runCommand } from './shared/command.mjs';

await runCommand('setup', () => setUp());
