/**
 * The octets of a message that an MTA hook gives as decoded text, with the size it had: what
 * differs from that size is never called exact. Pure.
 */
import type { MtaHooksRequest } from '../../../schemas/requests/hooks.ts';
import type { Content } from '../content.ts';
import { markStrayLf } from '../line-feeds.ts';

/** The octets, as far as they are known. */
export const rebuildMessage = ({
  headers,
  contents,
  size,
}: NonNullable<MtaHooksRequest['message']>): Pick<Content, 'octets' | 'exactness'> & { octets: Buffer } => {
  const header = Buffer.from(
    headers
      .map(([name, value]) => {
        // A line without a colon comes as a name that includes its line end.
        if (name.endsWith('\n')) return name;
        const body = withoutLineEnd(value);
        return `${name}:${markStrayLf(body)}${value.slice(body.length) || '\r\n'}`;
      })
      .join(''),
  );
  const body = Buffer.from(contents);
  const gap = size - header.length - body.length;
  const blankLine = gap === 0 && body.length === 0 ? '' : gap === 1 ? '\n' : '\r\n';
  const whole = Buffer.concat([header, Buffer.from(blankLine), body]);
  // U+FFFD replaces octets that could not be decoded; a message may also contain it honestly, and
  // then nothing is lost by the doubt but a refusal.
  const lossy =
    whole.length !== size || contents.includes('\ufffd') || headers.flat().some((text) => text.includes('\ufffd'));
  return { octets: whole, exactness: lossy ? 'body-lossy' : 'exact' };
};

/** A field body without the line end that closes it. */
export const withoutLineEnd = (value: string): string => {
  if (!value.endsWith('\n')) return value;
  return value.slice(0, value.endsWith('\r\n') ? -2 : -1);
};
