/** What an example can be made of. */
export type FileKind = 'text' | 'image';

const TEXT_TYPE = /^text\/(?:plain|markdown)\b/i;
const TEXT_NAME = /\.(?:txt|text|md|markdown)$/i;
const IMAGE_TYPE = /^image\/(?:png|jpeg|webp|gif|bmp|avif)\b/i;
const IMAGE_NAME = /\.(?:png|jpe?g|webp|gif|bmp|avif)$/i;

/** By its type, else by its name. Data sets of texts often have names without endings. */
export function kindOf(path: string, { type }: Blob): FileKind | undefined {
  if (TEXT_TYPE.test(type)) return 'text';
  if (IMAGE_TYPE.test(type)) return 'image';
  if (type !== '' && type !== 'application/octet-stream') return undefined;
  if (IMAGE_NAME.test(path)) return 'image';
  return TEXT_NAME.test(path) || !/\.[^/]*$/.test(path) ? 'text' : undefined;
}

/** What systems put beside people's files, and what they hide. */
export function isJunk(path: string): boolean {
  const parts = path.split('/');
  return (
    parts.some((part) => part.startsWith('.') || part === '__MACOSX') ||
    /^(?:thumbs\.db|desktop\.ini)$/i.test(parts.at(-1) ?? '')
  );
}
