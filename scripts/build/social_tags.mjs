// A Vite plugin for Open Graph tags: other sites preview a link to a page of the demo with its title, its description and a picture.

const TITLE = /<title>([^<]*)<\/title>/;
const DESCRIPTION = /<meta\s+name="description"\s+content="([^"]*)"/;

/**
 * Adds the tags to all pages.
 * @param {string | undefined} picture its full URL: other sites don't resolve relative ones
 * @returns {import('vite').Plugin}
 */
export function socialTags(picture) {
  /** @type {(html: string) => import('vite').HtmlTagDescriptor[]} */
  const tags = (html) => {
    const [title = '', description = ''] = [TITLE, DESCRIPTION].map((pattern) => pattern.exec(html)?.[1]);
    const values = {
      'og:type': 'website',
      'og:site_name': 'webvera',
      'og:title': title,
      'og:description': description,
      'twitter:card': picture === undefined ? 'summary' : 'summary_large_image',
      ...(picture !== undefined && { 'og:image': picture }),
    };
    return Object.entries(values).map(([property, content]) => ({
      tag: 'meta',
      attrs: { property, content },
      injectTo: 'head',
    }));
  };
  return { name: 'social-tags', transformIndexHtml: { order: 'post', handler: tags } };
}
