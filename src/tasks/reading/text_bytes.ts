import { WebVeraError } from '../../core/errors/error';

/** A kind of file that isn't text in UTF-8: its first bytes, its name in error messages, and a hint that says how to get its text. */
interface OtherKind {
  readonly begins: readonly number[];
  readonly name: string;
  readonly hint: string;
}

const UTF8 = 'Save it in UTF-8, or decode it here: ';
const DOCUMENT = 'Save the document as plain text first.';

const OTHER_KINDS: readonly OtherKind[] = [
  { begins: [0xff, 0xfe], name: 'UTF-16', hint: `${UTF8}${decoded('utf-16le')}` },
  { begins: [0xfe, 0xff], name: 'UTF-16', hint: `${UTF8}${decoded('utf-16be')}` },
  { begins: ascii('PK\x03\x04'), name: 'a ZIP archive, which .docx, .odt and .xlsx are too', hint: DOCUMENT },
  { begins: [0xd0, 0xcf, 0x11, 0xe0], name: 'a file of an old Office, such as .doc or .xls', hint: DOCUMENT },
  { begins: ascii('%PDF-'), name: 'a PDF', hint: 'Get the text out of it first: a PDF holds more than words.' },
  { begins: ascii('{\\rtf'), name: 'an RTF document', hint: DOCUMENT },
  {
    begins: [0x1f, 0x8b],
    name: 'a gzip archive',
    hint: "Decompress it first: await new Response(blob.stream().pipeThrough(new DecompressionStream('gzip'))).blob().",
  },
  { begins: [0x89, ...ascii('PNG')], name: 'a picture', hint: 'Images are passed as [{ image, label }].' },
  { begins: [0xff, 0xd8, 0xff], name: 'a picture', hint: 'Images are passed as [{ image, label }].' },
];

/** The largest number of damaged characters per thousand in a text that counts as UTF-8. */
const MOST_DAMAGED = 2;
const REPLACED = '\ufffd';
const REPLACEMENT = [0xef, 0xbf, 0xbd];

/** Throws `invalid_format` if the first bytes of a file show that it isn't text in UTF-8. */
export function expectTextFile(head: Uint8Array): void {
  const kind = OTHER_KINDS.find(({ begins }) => beginsWith(head, begins));
  if (kind !== undefined) throw noText(kind.name, kind.hint);
}

/** Checks that a file is UTF-8, part by part. */
export class Utf8Check {
  #characters = 0;
  #damaged = 0;

  /** Adds a part, which was decoded as `text`. Throws `invalid_format` if the parts so far aren't UTF-8. */
  add(bytes: Uint8Array, text: string): void {
    // Text in UTF-8 has no zero bytes, but text in UTF-16 and all binary number formats have them.
    if (bytes.includes(0)) throw noText('bytes that are no text', 'Save it as plain text in UTF-8 first.');
    if (bytes.length === 0) return; // a file that was cut may end within a character
    this.#characters += text.length;
    const replaced = text.split(REPLACED).length - 1;
    if (replaced === 0) return;
    this.#damaged += Math.max(0, replaced - ownReplacements(bytes));
    if (this.#damaged * 1000 > MOST_DAMAGED * this.#characters)
      throw noText('another encoding', `${UTF8}${decoded('windows-1252')}`);
  }
}

/** Returns how many replacement characters the bytes themselves contain. They don't count as damaged characters. */
function ownReplacements(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(0xef); at >= 0; at = bytes.indexOf(0xef, at + 1)) {
    if (beginsWith(bytes.subarray(at), REPLACEMENT)) count++;
  }
  return count;
}

function beginsWith(bytes: Uint8Array, begins: readonly number[]): boolean {
  return begins.every((byte, at) => bytes[at] === byte);
}

function ascii(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

function decoded(encoding: string): string {
  return `new Blob([new TextDecoder('${encoding}').decode(await blob.arrayBuffer())]).`;
}

function noText(name: string, hint: string): WebVeraError {
  return new WebVeraError('invalid_format', `Expected a file of text in UTF-8, got ${name}`, { hint });
}
