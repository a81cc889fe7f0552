import type { Project } from './project';
import { VITE } from './tools';

export interface Framework {
  readonly file: string;
  readonly packages: readonly string[];
  /** The line of vite.config.js that imports the framework's plugin. */
  readonly plugin: string;
  /** The main script's extension and source code. */
  readonly main: readonly [string, string];
}

export const FRAMEWORKS = {
  React: {
    file: 'src/Learner.jsx',
    packages: ['react@19.3.1', 'react-dom@19.3.1', '@vitejs/plugin-react@6.3.0'],
    plugin: `import plugin from '@vitejs/plugin-react';`,
    main: [
      'jsx',
      `import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Learner } from './Learner.jsx';
createRoot(document.querySelector('main')).render(<StrictMode><Learner /></StrictMode>);`,
    ],
  },
  Vue: {
    file: 'src/Learner.vue',
    packages: ['vue@3.5.45', '@vitejs/plugin-vue@6.0.11'],
    plugin: `import plugin from '@vitejs/plugin-vue';`,
    main: [
      'js',
      `import { createApp } from 'vue';
import Learner from './Learner.vue';
createApp(Learner).mount('main');`,
    ],
  },
  Svelte: {
    file: 'src/Learner.svelte',
    packages: ['svelte@5.57.3', '@sveltejs/vite-plugin-svelte@7.3.1'],
    plugin: `import { svelte as plugin } from '@sveltejs/vite-plugin-svelte';`,
    main: [
      'js',
      `import { mount } from 'svelte';
import Learner from './Learner.svelte';
mount(Learner, { target: document.querySelector('main') });`,
    ],
  },
} as const satisfies Readonly<Record<string, Framework>>;

/** Builds a project whose component is `framework.file` with Vite. Installs `packages` in addition to the framework's. */
export async function buildFramework(
  project: Project,
  framework: Framework,
  packages: readonly string[],
): Promise<void> {
  const [extension, main] = framework.main;
  project.give(
    'index.html',
    `<!doctype html><main></main><script type="module" src="/src/main.${extension}"></script>`,
  );
  project.give(`src/main.${extension}`, main);
  project.give('vite.config.js', `${framework.plugin}\nexport default { plugins: [plugin()] };`);
  await project.install(...packages, 'vite@8.3.8', ...framework.packages);
  await project.node(VITE, 'build');
}
