/**
 * Line feeds in a field body that a mail server tells apart from its name. One that no white space
 * follows is no fold: put together with the other fields it would begin another one, which the mail
 * server does not see. It becomes a bare CR, which is as stray and begins nothing here. The length
 * stays. Pure.
 */
export const markStrayLf = (body: string): string => {
  if (!body.includes('\n')) return body;
  const lines = body.split('\n');
  return lines.map((line, index) => `${line}${lineEndBefore(lines[index + 1])}`).join('');
};

const lineEndBefore = (next: string | undefined): string => {
  if (next === undefined) return '';
  return next.startsWith(' ') || next.startsWith('\t') ? '\n' : '\r';
};
