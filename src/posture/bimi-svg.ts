/**
 * What keeps a logo from the SVG Tiny Portable/Secure profile that BIMI asks for (draft-svg-tiny-ps-abrotman, draft-brand-indicators-for-message-identification).
 * Looks at the markup with bounded patterns; never renders, never follows a reference, expands no entity.
 */

/** Largest logo that the BIMI group advises, in bytes. */
export const ADVISED_LOGO_BYTES = 32_768;

/** Of a start tag that is looked at; attributes beyond are not seen. */
const MAX_TAG_CHARACTERS = 4096;

const FORBIDDEN = [
  'script',
  'image',
  'animate',
  'animateTransform',
  'animateMotion',
  'animateColor',
  'set',
  'foreignObject',
  'a',
];

const attribute = (tag: string, name: string): string | null =>
  new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`)
    .exec(tag)
    ?.slice(1)
    .find((value) => value !== undefined) ?? null;

/** @returns one sentence a fault, in order of weight; empty for a logo that fits */
export const svgFaults = (body: Buffer): string[] => {
  if (body[0] === 0x1f && body[1] === 0x8b) return ['the logo is compressed; it must be plain SVG'];
  const text = body.toString('utf8');
  const markup = withoutComments(text);
  const faults: string[] = [];
  if (/<!(?:DOCTYPE|ENTITY)/i.test(markup)) faults.push('the logo declares a document type or entities');
  const root = rootOf(markup);
  if (root === null) return ['the document has no svg element'];
  if (attribute(root, 'baseProfile') !== 'tiny-ps') faults.push('the svg element does not say baseProfile="tiny-ps"');
  if (attribute(root, 'version') !== '1.2') faults.push('the svg element does not say version="1.2"');
  if (attribute(root, 'x') !== null || attribute(root, 'y') !== null)
    faults.push('the svg element has an x or y attribute');
  if (!/<title\b[^>]{0,1024}>\s*[^<\s]/.test(markup)) faults.push('the logo has no title element with text');
  for (const name of FORBIDDEN)
    if (new RegExp(`<${name}[\\s/>]`).test(markup))
      faults.push(`the logo holds an element "${name}", which the profile forbids`);
  if (/\s(?:xlink:)?href\s*=\s*["'](?!#)/.test(markup)) faults.push('the logo refers to something outside itself');
  if (body.length > ADVISED_LOGO_BYTES)
    faults.push(`the logo has ${body.length} bytes; ${ADVISED_LOGO_BYTES} are advised at most`);
  return faults;
};

const rootOf = (markup: string): string | null => {
  const start = markup.search(/<svg[\s>]/);
  const end = start < 0 ? -1 : markup.indexOf('>', start);
  return end < 0 ? null : markup.slice(start, Math.min(end + 1, start + MAX_TAG_CHARACTERS));
};

/** Comments cannot hold elements. One pass: a document of nothing but openings must not cost its square. */
const withoutComments = (text: string): string => {
  let kept = '';
  let at = 0;
  for (;;) {
    const start = text.indexOf('<!--', at);
    if (start < 0) return kept + text.slice(at);
    kept += text.slice(at, start);
    const end = text.indexOf('-->', start + 4);
    if (end < 0) return kept;
    at = end + 3;
  }
};
