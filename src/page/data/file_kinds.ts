/** The kinds of files that examples are made of. */
export type FileKind = 'text' | 'image';

const TEXT_TYPE = /^text\/(?:plain|markdown)\b/i;
const TEXT_NAME = /\.(?:txt|text|md|markdown)$/i;
const IMAGE_TYPE = /^image\/(?:png|jpeg|webp|gif|bmp|avif)\b/i;
const IMAGE_NAME = /\.(?:png|jpe?g|webp|gif|bmp|avif)$/i;

/**
 * The kind by the file's type, or else by its name. Files without an ending count as text, as data sets often have
 * them.
 */
export function kindOf(path: string, { type }: Blob): FileKind | undefined {
  if (TEXT_TYPE.test(type)) return 'text';
  if (IMAGE_TYPE.test(type)) return 'image';
  if (type !== '' && type !== 'application/octet-stream') return undefined;
  if (IMAGE_NAME.test(path)) return 'image';
  return TEXT_NAME.test(path) || !/\.[^/]*$/.test(path) ? 'text' : undefined;
}

/** Whether a file was added by the operating system or is hidden. */
export function isJunk(path: string): boolean {
  const parts = path.split('/');
  return (
    parts.some((part) => part.startsWith('.') || part === '__MACOSX') ||
    /^(?:thumbs\.db|desktop\.ini)$/i.test(parts.at(-1) ?? '')
  );
}
