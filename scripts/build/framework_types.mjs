// The types of <web-vera> in the templates of frameworks. Each framework has its own file, such as `webvera/react`, because the file
// extends the types of a package that other projects lack.

/** The first lines of each framework's file. */
export const BESIDE_TAG = `import type { WebVeraAttributes, WebVeraElement } from './embed.js';
export * from './embed.js';
`;

/** @type {Readonly<Record<string, string>>} */
export const FRAMEWORKS = {
  react: `import type { DetailedHTMLProps, HTMLAttributes } from 'react';

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'web-vera': DetailedHTMLProps<HTMLAttributes<WebVeraElement>, WebVeraElement> & WebVeraAttributes;
    }
  }
}
`,
  vue: `import type { DefineComponent, HTMLAttributes } from 'vue';

/** The attributes with hyphens, as Vue's type checker looks them up. */
type CamelCased = {
  [Name in keyof WebVeraAttributes as Name extends \`\${infer Head}-\${infer Tail}\`
    ? \`\${Head}\${Capitalize<Tail>}\`
    : never]: WebVeraAttributes[Name];
};

declare module 'vue' {
  interface GlobalComponents {
    'web-vera': DefineComponent<WebVeraAttributes & CamelCased & HTMLAttributes, WebVeraElement>;
  }
}
`,
  svelte: `import type { HTMLAttributes } from 'svelte/elements';

declare module 'svelte/elements' {
  interface SvelteHTMLElements {
    'web-vera': HTMLAttributes<WebVeraElement> & WebVeraAttributes;
  }
}
`,
};
